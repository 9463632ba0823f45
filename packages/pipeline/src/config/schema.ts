import { z } from "zod";
import { calibrate, finetune, labels, supervised } from "./classify.js";
import { data } from "./data.js";
import { distill } from "./distill.js";
import { evaluate } from "./evaluate.js";
import { METHOD_NAMES, method, unknownMethod } from "./method.js";
import { model } from "./model.js";
import { count, positive } from "./numbers.js";
import type { part } from "./part.js";
import { pretrain } from "./pretrain.js";
import { type trainingFields, watchedMetric } from "./training.js";

const fields = z.strictObject({
  extends: z
    .union([z.string().min(1), z.array(z.string().min(1))])
    .optional()
    .describe(
      "files (from this file's folder) or presets that this one changes; blocks are merged, lists replaced, null removes. A block with another `name` begins anew",
    ),
  name: z.string().min(1),
  seed: z.int().min(0).default(0),
  output: z.string().optional().describe("run folder; by default runs/<name>"),
  backend: z
    .strictObject({
      name: z.enum(["auto", "onednn", "webgpu", "tensorflow", "cpu"]).default("auto"),
      threads: count.optional(),
      precision: z.enum(["float32", "bfloat16"]).default("float32"),
    })
    .prefault({}),
  plugins: z
    .array(z.union([z.string().min(1), z.strictObject({ package: z.string().min(1), from: z.string().min(1) })]))
    .default([])
    .describe(
      'JavaScript or TypeScript modules that add augmentations, losses, methods, data sets, encoders, heads or hooks: paths ("./my-aug.ts") or packages, from this file\'s folder',
    ),
  data,
  model,
  method: method.prefault({}).describe("how the encoder is pretrained: a name and that method's options"),
  pretrained: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a model file, or a folder of a run: the weights that pretraining starts from, or that are taken as they are where there is no `pretrain`",
    ),
  pretrain,
  labels: z.array(labels).min(1).describe("label budgets; the stages below run once for each"),
  finetune,
  supervised,
  distill,
  evaluate,
  calibrate,
  logging: z
    .strictObject({
      csv: z.boolean().default(false).describe("tables of steps, epochs and evaluations beside metrics.jsonl"),
      tensorboard: z.boolean().default(false).describe("event files for TensorBoard"),
      histogramsEvery: count.optional().describe("steps between histograms of the weights, for TensorBoard"),
    })
    .prefault({}),
  maxMinutes: positive
    .optional()
    .describe("stop with a checkpoint before the time is up; the same command goes on from there"),
  memory: z
    .strictObject({
      check: z.boolean().default(true).describe("refuse a run whose predicted memory is not available"),
      warnAboveMegabytes: positive.optional().describe("warn once when the process takes more"),
    })
    .prefault({}),
  checkpoint: z
    .strictObject({
      everySeconds: positive.default(20),
      everySteps: count.optional(),
      keep: count.default(2).describe("how many of the newest stay"),
      best: z.strictObject(watchedMetric).optional().describe("keep the best one too"),
    })
    .prefault({}),
});

export const configSchema = fields
  .refine(({ method, plugins }) => plugins.length > 0 || METHOD_NAMES.includes(method.name), {
    path: ["method", "name"],
    error: ({ input }) => unknownMethod((input as z.output<typeof fields>).method.name),
  })
  .refine(({ pretrain, pretrained }) => pretrain.steps !== 0 || pretrained !== undefined, {
    path: ["pretrain"],
    message: "give `pretrain`, with one step or more, or an encoder that is trained already, `pretrained`",
  })
  .refine(({ finetune, model }) => finetune.headLayer <= layersOf(model.head), {
    path: ["finetune", "headLayer"],
    error: ({ input }) =>
      `must be at most ${layersOf((input as z.output<typeof fields>).model.head)}, the layers of the head (\`model.head.layers\`); 0 is the encoder`,
  })
  .refine(({ finetune, model }) => model.encoder === undefined || [-1, 4].includes(finetune.fineTuneAfter), {
    path: ["finetune", "fineTuneAfter"],
    message: "an encoder of a plugin is trained as a whole, -1, or not at all, 4",
  })
  .refine(
    ({ distill, model }) =>
      model.encoder === undefined ||
      (distill?.students ?? []).every(
        ({ depth, width, selectiveKernel }) => depth !== undefined || (width ?? selectiveKernel) === undefined,
      ),
    {
      path: ["distill", "students"],
      message: "a student that is a ResNet, where its teacher is none, needs `depth`",
    },
  );

/** Those of a plugin's head are known once it is loaded. */
function layersOf(head: z.output<typeof fields>["model"]["head"]): number {
  return head.name === undefined ? head.layers : Number.POSITIVE_INFINITY;
}

/** The whole run, validated, with every default filled in. */
export type Config = z.output<typeof configSchema>;
export type TrainingConfig = Pick<Config["finetune"], keyof typeof trainingFields>;
/** Training that crops and flips only: fine-tuning, its control, distillation. */
export type LabelledTrainingConfig = TrainingConfig & Pick<Config["finetune"], "area">;
/** An augmentation, a loss or a hook, by name or with options. */
export type PartSpec = z.output<typeof part>;
export type LabelBudget = Config["labels"][number];
export type StudentConfig = NonNullable<Config["distill"]>["students"][number];
