import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig, run } from "@simclr/pipeline";

const optimizer = (name) => ({ name, learningRate: 0.05, weightDecay: 1e-4 });
const labelled = { batchSize: 8, steps: 2, optimizer: { ...optimizer("momentum"), nesterov: true } };

/** What the pipeline does with small images: every stage, as the demo has them. */
const small = {
  name: "small images",
  backend: { name: "webgpu" },
  data: { train: "shapes", limit: 60, test: { holdOut: 0.2 }, imageSize: 8 },
  model: { depth: 18, width: 0.0625 },
  pretrain: { batchSize: 16, steps: 2, optimizer: optimizer("lars") },
  labels: [{ perClass: 2 }],
  finetune: labelled,
  supervised: labelled,
  distill: { ...labelled, batchSize: 16, alpha: 0.5, students: [{ name: "smaller", width: 0.03125 }] },
  evaluate: { knn: { k: 10 }, linear: { epochs: 2, batchSize: 16 }, batchSize: 16 },
};

/** Pretraining and fine-tuning as the paper has them for large images: selective kernels, blur, and AdamW besides. */
const large = {
  ...small,
  name: "large images",
  data: { ...small.data, limit: 24, imageSize: 32 },
  model: { depth: 50, width: 0.0625, selectiveKernel: true, stem: "imagenet" },
  pretrain: { batchSize: 4, steps: 1, optimizer: optimizer("adamw"), augmentation: { recipe: "simclr-v2" } },
  labels: [{ count: 8 }],
  finetune: { ...labelled, batchSize: 4, steps: 1 },
  supervised: undefined,
  distill: undefined,
};

export const RUNS = { small: { config: small }, large: { config: large, until: "finetune" } };

/** What a line of the pipeline says about what comes next. */
const STAGES = [
  [/^pretraining: [\d,]+ images/, "pretraining"],
  [/^supervised from scratch .*images, /, "training from scratch"],
  [/^fine-tuning .*images, /, "fine-tuning"],
  [/^distilling .*images, /, "distillation"],
  [/: \d+ steps in /, "evaluation"],
];

/** Does a run of the pipeline on webgpu in a folder of its own. @param stage - Told what the pipeline does now. */
export async function pipelineRun({ config, until }, stage) {
  const folder = mkdtempSync(join(tmpdir(), "simclr-parity-"));
  const line = (text) => {
    const [, name] = STAGES.find(([pattern]) => pattern.test(text)) ?? [];
    if (name !== undefined) stage(name);
    process.stderr.write(`${text}\n`);
  };
  try {
    stage("set-up");
    const output = join(folder, "run");
    const parsed = parseConfig(JSON.stringify({ ...config, output }), join(folder, "config.yaml"));
    await run(parsed, { until, events: { line, progress: { write() {}, isTerminal: false } } });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
