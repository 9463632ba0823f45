import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useBackend } from "@simclr/backends";
import { type NamedArrays, readWeights } from "@simclr/core";
import { loadTrainedModel } from "@simclr/pipeline";
import { type BundleTensor, writeTensorBundle } from "@simclr/test-utils";
import { afterAll, beforeAll, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

/** Learns the shapes well enough for its accuracy to be far from chance, 10 %, in seconds. */
const CONFIG = `name: taught
data: { train: shapes, test: shapes, imageSize: 32, limit: 1000 }
model: { width: 0.125, head: { layers: 2, dimension: 16 } }
pretrain: { batchSize: 32, steps: 2, optimizer: { learningRate: 0.01 } }
labels: [{ given: true }]
finetune: { batchSize: 50, steps: 80, area: [0.5, 1], optimizer: { learningRate: 0.2, nesterov: true } }
evaluate: { linear: { epochs: 1 } }
`;

const NORM = { gamma: "gamma", beta: "beta", movingMean: "moving_mean", movingVariance: "moving_variance" } as const;

/**
 * The names that the official code gives: layers of the encoder are numbered as they were made, and convolutions apart from
 * batch norms.
 */
function officialNames(weights: readonly string[]): Record<string, string> {
  const names: Record<string, string> = {};
  const numbered = (kind: string, index: number): string => `base_model/${kind}${index === 0 ? "" : `_${index}`}`;
  let [convolutions, norms] = [0, 0];
  for (const name of weights) {
    const field = name.slice(name.lastIndexOf("/") + 1);
    const [part, layer] = name.split("/") as [string, string];
    const norm = NORM[field as keyof typeof NORM];
    if (part === "classifier") names[name] = `head_supervised/linear_layer/dense/${field}`;
    else if (part === "head") {
      const place = `head_contrastive/${layer.replace("layer", "nl_")}`;
      names[name] = norm === undefined ? `${place}/dense/kernel` : `${place}/batch_normalization/${norm}`;
    } else if (norm === undefined) names[name] = `${numbered("conv2d", convolutions++)}/kernel`;
    else {
      if (norm === "gamma") norms++;
      names[name] = `${numbered("batch_normalization", norms - 1)}/${norm}`;
    }
  }
  return names;
}

let folder: string;
const simclr = (...args: string[]) => spawnSimclr(args, { cwd: folder });
const weightsOf = async (path: string): Promise<NamedArrays> => {
  const { model } = await loadTrainedModel(path);
  const arrays = await readWeights(model.weights);
  model.dispose();
  return arrays;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-import-"));
});
afterAll(() => rm(folder, { recursive: true }));

it("finds the accuracy of a trained network again in an official checkpoint of its weights", async () => {
  await writeFile(join(folder, "taught.yaml"), CONFIG);
  const trained = await simclr("run", "taught.yaml", "-o", "taught");
  expect(trained.status, trained.stderr).toBe(0);
  const { accuracy } = JSON.parse(await readFile(join(folder, "taught/results.json"), "utf8"));
  const { top1 } = accuracy.find(({ method }: { method: string }) => method === "fine-tuned");
  expect(top1).toBeGreaterThan(0.3);

  // The official checkpoint of a fine-tuned network has the whole head, and the classifier sits behind its first layer.
  await useBackend("cpu");
  const arrays = {
    ...(await weightsOf(join(folder, "taught/pretrain"))),
    ...(await weightsOf(join(folder, "taught/given/finetune"))),
  };
  const tensors: Record<string, BundleTensor> = { global_step: { shape: [], data: BigInt64Array.of(120n) } };
  for (const [name, official] of Object.entries(officialNames(Object.keys(arrays)))) tensors[official] = arrays[name]!;
  const { index, shards } = writeTensorBundle(tensors);
  await writeFile(join(folder, "model.ckpt-120.index"), index);
  await writeFile(join(folder, "model.ckpt-120.data-00000-of-00001"), shards[0]!);

  const check = ["import", "tf-checkpoint", "model.ckpt-120", "--check", "shapes"];
  const right = await simclr(...check, "--classifier-layer", "1", "-o", "right.safetensors");
  expect(right.status, right.stderr).toBe(0);
  expect(right.stdout).toMatch(
    /^r18_0\.125x: 21 convolutions and 21 batch norms, a head of 2 layers, a classifier of 10/m,
  );
  expect(right.stderr).toContain(
    `5000 images; of 5000 whose class the data tells, ${(100 * top1).toFixed(1)} % are right`,
  );
  // Without that option the classifier sees another representation: the check is what tells.
  const wrong = await simclr(...check, "-o", "wrong.safetensors");
  const share = Number(/tells, ([\d.]+) % are right/.exec(wrong.stderr)?.[1]);
  expect(share).toBeLessThan(100 * top1 - 10);
}, 300_000);
