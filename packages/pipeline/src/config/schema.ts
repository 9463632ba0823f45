import { DATASET_FORMATS, DATASET_SPLITS } from "@simclr/data";
import { hasBottlenecks, type ResNetDepth } from "@simclr/models";
import { z } from "zod";
import { head } from "./head.js";
import { METHOD_NAMES, method, unknownMethod } from "./method.js";

const positive = z.number().positive();
const count = z.int().min(1);
const share = z.number().gt(0).max(1);

const range = z
  .tuple([positive, positive])
  .refine(([low, high]) => low <= high, { message: "must be [low, high] with low <= high" });

const depth = z.literal([18, 34, 50, 101, 152, 200]);

const dropFits = (size: { depth: ResNetDepth; dropBlock?: unknown }): boolean =>
  size.dropBlock === undefined || hasBottlenecks(size.depth);
const DROP_FITS = {
  message: "DropBlock needs bottlenecks, which depths 50, 101, 152 and 200 have",
  path: ["dropBlock"],
};

const kernelsFit = (size: { depth?: ResNetDepth | undefined; selectiveKernel?: boolean | undefined }): boolean =>
  size.selectiveKernel !== true || size.depth === undefined || hasBottlenecks(size.depth);
const KERNELS_FIT = {
  message: "selective kernels need bottlenecks, which depths 50, 101, 152 and 200 have",
  path: ["selectiveKernel"],
};

const dropBlock = z.strictObject({
  keepProbabilities: z.tuple([share, share, share, share]).describe("of the four groups"),
  size: count.default(7).describe("side of a dropped square"),
});

/** Whatever describes a ResNet is as it is by default where a plugin's encoder takes its place. */
const isOneEncoder = ({ encoder, ...model }: Readonly<Record<string, unknown>>): boolean =>
  encoder === undefined ||
  (model.depth === 18 &&
    model.width === 1 &&
    model.selectiveKernel === false &&
    model.squeezeExcitation === undefined &&
    model.dropBlock === undefined &&
    model.stem === "auto" &&
    model.checkpointing === "none");
const ONE_ENCODER = {
  message: "an encoder of a plugin takes the place of the ResNet: remove depth, width and what else describes that",
  path: ["encoder"],
};

const parameterGroup = z
  .strictObject({
    under: z.string().min(1).optional().describe("weights below this path, such as encoder or head"),
    roles: z
      .array(z.enum(["kernel", "bias", "gamma", "beta", "classifier-kernel", "classifier-bias"]))
      .min(1)
      .optional(),
    learningRateScale: z.number().min(0).optional().describe("factor of the learning rate"),
    weightDecay: z.number().min(0).optional().describe("instead of the optimizer's"),
  })
  .refine(({ under, roles }) => under !== undefined || roles !== undefined, {
    message: "give `under`, `roles` or both",
  });

const ADAM_ONLY = ["beta1", "beta2", "epsilon"] as const;

const optimizer = z
  .strictObject({
    name: z
      .enum(["lars", "torch-lars", "momentum", "adamw"])
      .default("momentum")
      .describe("LARS (reference 6.1), LARS as lightly and solo-learn have it, SGD with momentum, AdamW"),
    learningRate: positive.describe("before scaling by the batch size"),
    scaling: z
      .enum(["none", "linear", "sqrt"])
      .default("none")
      .describe("learning rate × 1, × batch/256, or × √batch (reference 6.3)"),
    schedule: z
      .enum(["cosine", "linear", "constant"])
      .optional()
      .describe("cosine by default: how the learning rate falls after the warm-up"),
    momentum: z.number().min(0).lt(1).default(0.9).describe("not of adamw"),
    nesterov: z.boolean().default(false).describe("not of adamw"),
    momentumStyle: z.enum(["classic", "popular"]).optional().describe("lars only; classic by default"),
    weightDecay: z.number().min(0).default(0),
    trustCoefficient: positive.default(0.001).describe("LARS only: η"),
    beta1: z.number().min(0).lt(1).optional().describe("adamw only; 0.9 by default"),
    beta2: z.number().min(0).lt(1).optional().describe("adamw only; 0.999 by default"),
    epsilon: positive.optional().describe("adamw only; 1e-8 by default"),
    clipNorm: positive.optional().describe("largest norm of all gradients together"),
    groups: z.array(parameterGroup).min(1).optional().describe("weights with rates of their own; the first one counts"),
  })
  .refine((one) => one.name === "adamw" || ADAM_ONLY.every((key) => one[key] === undefined), {
    message: "`beta1`, `beta2` and `epsilon` belong to adamw",
  })
  .refine(({ name, momentumStyle }) => name === "lars" || momentumStyle === undefined, {
    message: "only lars has a `momentumStyle`",
    path: ["momentumStyle"],
  });

/** Of an evaluation while training, or of an epoch. */
const watchedMetric = {
  metric: z.string().min(1).describe("meanLoss of epochs, or knnAccuracy or linearAccuracy of `onlineEvaluation`"),
  mode: z.enum(["min", "max"]).default("max").describe("whether more or less is better"),
};

/** An augmentation, a loss or a hook by its name, with its options beside the name: built-in ones and those of plugins alike. */
const part = z.union([z.string().min(1), z.looseObject({ name: z.string().min(1) })], {
  error: "must be a name, or { name: …, options … }",
});

/** Images: a path, or the data set of a plugin with its options beside the name. */
const imagesSpec = z.union([z.string(), z.looseObject({ name: z.string().min(1) })], {
  error: "must be a path, or the data set of a plugin, { name: …, options … }",
});

/** Test images that are taken from the training images. */
const heldOut = z.strictObject({
  holdOut: z.number().gt(0).lt(1).describe("share of each class's labelled training images, one at least"),
});

/** Whether the test images are held out of the training images. */
export const isHoldOut = (spec: string | Readonly<Record<string, unknown>>): spec is z.output<typeof heldOut> =>
  typeof spec === "object" && "holdOut" in spec;

const trainingFields = {
  batchSize: count,
  epochs: positive.optional().describe("passes over the images; give this or `steps`"),
  steps: count.optional().describe("optimizer updates; give this or `epochs`"),
  warmupEpochs: z.number().min(0).default(0).describe("linear warm-up before the cosine"),
  optimizer,
  hooks: z.array(part).min(1).optional().describe("hooks of plugins, in their order"),
  averageDecay: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("decay of a moving average of the weights (EMA), with which the stage ends"),
  earlyStop: z
    .strictObject({
      ...watchedMetric,
      patience: count.describe("values in a row that are no better"),
      minimumGain: z.number().min(0).default(0),
    })
    .optional()
    .describe("end the stage when a metric has stopped to improve"),
};

/** Stages that crop and flip only. */
const labelledFields = {
  ...trainingFields,
  area: range.optional().describe("crop area as a fraction of the image; by default [0.08, 1]"),
};

const oneLength = (training: { epochs?: number | undefined; steps?: number | undefined }): boolean =>
  (training.epochs === undefined) !== (training.steps === undefined);
const ONE_LENGTH = { message: "give exactly one of `epochs` and `steps`", path: ["epochs"] };

/** Stands for a stage that is not done, so that whoever reads the configuration finds one. */
const NOT_PRETRAINED = { batchSize: 1, steps: 0, optimizer: { learningRate: 1 } };

const RECIPES = ["simclr", "simclr-v2", "cifar", "crop-only"] as const;

const augmentation = z.strictObject({
  recipe: z
    .union([z.enum(RECIPES), z.array(part).min(1)], {
      error: `must be one of ${RECIPES.join(", ")}, or a list of augmentations, each a name or { name: …, options … }`,
    })
    .default("cifar")
    .describe("a built-in recipe, or a list of augmentations, built-in ones and those of plugins"),
  strength: z.number().min(0).optional().describe("colour jitter; by default what the recipe says"),
  area: range.optional().describe("crop area as a fraction of the image; by default what the recipe says"),
  sampler: z
    .enum(["tf", "torchvision"])
    .optional()
    .describe(
      "tf by default: how crops are drawn: as the reference does, or with uniform areas as PyTorch's users know them (2.3)",
    ),
});

/** Options of the built-in recipes say nothing of a list, whose steps have their own. */
const ofOneKind = ({ recipe, strength, area, sampler }: z.output<typeof augmentation>): boolean =>
  !Array.isArray(recipe) || (strength === undefined && area === undefined && sampler === undefined);

const labels = z
  .strictObject({
    fraction: share.optional().describe("share of each class's images that keep their label"),
    perClass: count.optional().describe("images per class that keep their label"),
    given: z.literal(true).optional().describe("every label that the data set has"),
    list: z
      .string()
      .min(1)
      .optional()
      .describe("file that lists the images that keep their label, a name on each line, as SimCLR's 1percent.txt"),
    steps: count.optional().describe("length of fine-tuning and of the control with this budget, instead of theirs"),
  })
  .refine(
    ({ fraction, perClass, given, list }) =>
      [fraction, perClass, given, list].filter((each) => each !== undefined).length === 1,
    {
      message: "give exactly one of `fraction`, `perClass`, `given` and `list`",
    },
  );

const byte = z.int().min(0).max(255);

/** How files are read, where looking at the path does not say it. */
const reading = {
  format: z
    .enum(DATASET_FORMATS)
    .optional()
    .describe("the layout of the files; by default found by looking at the path"),
  columns: z
    .strictObject({ image: z.string().min(1).optional(), label: z.string().min(1).optional() })
    .optional()
    .describe("columns of CSV, JSONL and Parquet, keys of WebDataset's JSON, arrays of .npz"),
  classNames: z
    .array(z.string().min(1))
    .min(2)
    .optional()
    .describe("the classes in the order of their indices; any other class is an error"),
  range: z
    .tuple([z.number(), z.number()])
    .refine(([low, high]) => low < high, { message: "must be [low, high] with low < high" })
    .optional()
    .describe("values of arrays that become black and white; by default [0, 1] for floats"),
  layout: z.enum(["NHWC", "NCHW"]).optional().describe("order of the dimensions of arrays; by default NHWC"),
  background: z
    .tuple([byte, byte, byte])
    .optional()
    .describe("red, green, blue that show through transparent images; by default alpha is dropped"),
  cacheFolder: z
    .string()
    .min(1)
    .optional()
    .describe("where files of URLs and decoded images are kept; by default ~/.cache/simclr"),
};

const student = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]+$/, "must be lower-case letters, digits and hyphens"),
    depth: depth.optional().describe("by default the teacher's"),
    width: positive.optional().describe("by default the teacher's"),
    selectiveKernel: z.boolean().optional().describe("by default as the teacher, if the depth allows it"),
    encoder: part
      .optional()
      .describe("an encoder of a plugin; by default the teacher's, and a ResNet where `depth` is given"),
    temperature: positive.optional().describe("by default `distill.temperature`"),
    initialize: z
      .enum(["random", "pretrained", "teacher"])
      .default("random")
      .describe("pretrained and teacher need the teacher's architecture"),
  })
  .refine(kernelsFit, KERNELS_FIT)
  .refine(
    ({ encoder, depth, width, selectiveKernel }) =>
      encoder === undefined || (depth ?? width ?? selectiveKernel) === undefined,
    ONE_ENCODER,
  );

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
  data: z.strictObject({
    root: z.string().optional().describe("folder that the paths below are relative to; the command line's --data"),
    train: imagesSpec.describe(
      '"shapes", an http(s) URL, or a folder, file or pattern of files below the root, as docs/data.md says; or a data set of a plugin, { name: …, options … }',
    ),
    test: z
      .union([z.string(), heldOut, z.looseObject({ name: z.string().min(1) })], {
        error:
          "must be a path, { holdOut: share } of the training images, or the data set of a plugin, { name: …, options … }",
      })
      .describe("labelled images, used only to measure; or { holdOut: 0.2 }, a share of the labelled training images"),
    labels: z
      .string()
      .optional()
      .describe("CSV with the columns file and label, or an array of labels, for training images without their own"),
    testLabels: z.string().optional().describe("the same for the test images"),
    split: z.enum(DATASET_SPLITS).default("train").describe("which part of a data set with splits is trained on"),
    testSplit: z.enum(DATASET_SPLITS).default("test").describe("which part is measured on"),
    ...reading,
    limit: count.optional().describe("take the first n training images only"),
    imageSize: count.describe("side in pixels that the network sees"),
    channels: count
      .default(3)
      .describe(
        "1 for grey, 3 for RGB, 4 for RGB and the alpha channel, whatever that holds; for arrays as many as they have",
      ),
    onBroken: z
      .enum(["error", "skip"])
      .default("error")
      .describe("skip leaves broken images out, and counts and lists them"),
    maxSkipped: z.int().min(0).default(1000).describe("with onBroken: skip, more broken images than this are an error"),
    cache: z
      .enum(["auto", "memory", "file"])
      .default("auto")
      .describe("where decoded images are kept; auto: in memory if they fit into maxCacheMegabytes, else in a file"),
    maxCacheMegabytes: positive.default(4096).describe("of memory"),
    workers: count.optional().describe("threads that decode and crop; by default the cores, at most 8"),
  }),
  model: z
    .strictObject({
      depth: depth.default(18),
      width: positive.default(1),
      selectiveKernel: z
        .boolean()
        .default(false)
        .describe("with the stem and shortcuts of ResNet-D; depth 50 and more"),
      squeezeExcitation: share.optional().describe("gates at the end of every block, squeezed to this share"),
      dropBlock: dropBlock.optional(),
      stem: z.enum(["auto", "cifar", "imagenet"]).default("auto"),
      checkpointing: z
        .enum(["none", "block", "group"])
        .default("none")
        .describe("compute the forward pass of each block or group again in the backward pass, to save memory"),
      encoder: part.optional().describe("an encoder of a plugin, by name or with options, in place of the ResNet"),
      head: head.prefault({}),
    })
    .refine(isOneEncoder, ONE_ENCODER)
    .refine(kernelsFit, KERNELS_FIT)
    .refine(dropFits, DROP_FITS)
    .prefault({}),
  method: method.prefault({}).describe("how the encoder is pretrained: a name and that method's options"),
  pretrained: z
    .string()
    .min(1)
    .optional()
    .describe(
      "a model file, or a folder of a run: the weights that pretraining starts from, or that are taken as they are where there is no `pretrain`",
    ),
  pretrain: z
    .strictObject({
      ...trainingFields,
      steps: z.int().min(0).optional().describe("optimizer updates; give this or `epochs`"),
      effectiveBatch: count
        .optional()
        .describe(
          "images whose gradient a step takes, a multiple of `batchSize`, which then is how many go through the network at a time; the learning rate scales with it",
        ),
      statisticsParts: count
        .default(1)
        .describe(
          "parts of equal size that batch norm normalises apart: 2 keeps the two views of the images apart, as programs that encode one after the other; 1 is the reference",
        ),
      onlineEvaluation: z
        .strictObject({
          everySteps: count,
          images: count.default(1000).describe("labelled training images, half to learn from and half to test on"),
          measures: z
            .array(z.enum(["knn", "linear"]))
            .min(1)
            .default(["knn", "linear"]),
        })
        .optional()
        .describe("measure the representation while it is trained: knnAccuracy, linearAccuracy"),
      onCollapse: z.enum(["warn", "stop"]).default("warn").describe("when the projections of all images become alike"),
      loss: part
        .optional()
        .describe("a loss of the projections of two views, built in or of a plugin; by default NT-Xent"),
      augmentation: augmentation
        .refine(ofOneKind, {
          message:
            "`strength`, `area` and `sampler` belong to the built-in recipes; give them to the steps of the list",
        })
        .prefault({}),
    })
    .refine(oneLength, ONE_LENGTH)
    .refine(({ batchSize, effectiveBatch = batchSize }) => effectiveBatch % batchSize === 0, {
      message: "must be a multiple of `pretrain.batchSize`",
      path: ["effectiveBatch"],
    })
    .prefault(NOT_PRETRAINED)
    .describe("the first stage; may be left out where `pretrained` gives an encoder"),
  labels: z.array(labels).min(1).describe("label budgets; the stages below run once for each"),
  finetune: z
    .strictObject({
      ...labelledFields,
      headLayer: z.int().min(0).default(1).describe("fine-tune from this layer of the head; 0 is the encoder"),
      fineTuneAfter: z
        .int()
        .min(-1)
        .max(4)
        .default(-1)
        .describe("freeze the stem (0), or up to this group; -1 trains all, 4 nothing of the encoder"),
      headWeights: z
        .enum(["pretrained", "random"])
        .optional()
        .describe(
          "pretrained by default; random starts the kept layers of the head anew, to see what theirs are worth",
        ),
      freezeHead: z
        .boolean()
        .default(false)
        .describe("do not train the layers kept from the head, as the TF1 code does"),
    })
    .refine(oneLength, ONE_LENGTH),
  supervised: z
    .strictObject(labelledFields)
    .refine(oneLength, ONE_LENGTH)
    .optional()
    .describe("the control: the same network and labels, from scratch"),
  distill: z
    .strictObject({
      ...labelledFields,
      temperature: positive.default(1),
      alpha: z.number().min(0).max(1).default(1).describe("1 distils only; below, labels count too (Eq. 3)"),
      teacherTemperature: positive
        .optional()
        .describe("of the teacher alone: below `temperature` it sharpens; by default as the paper, the same"),
      minConfidence: z
        .number()
        .min(0)
        .max(1)
        .default(0)
        .describe("images count where the teacher is this sure; 0, as in the paper, takes all"),
      images: z
        .enum(["all", "labelled"])
        .optional()
        .describe("all by default, labelled or not; labelled leaves the others out, as the paper's ablation does"),
      studentAugmentation: z
        .array(part)
        .min(1)
        .optional()
        .describe("augmentations of the student's images alone, after the crop that both see; none by default"),
      rounds: count.default(1).describe("each student teaches the next round's of its kind"),
      stopAgreement: share
        .default(1)
        .describe("no further round once student and teacher agree on this share of the training crops"),
      students: z.array(student).min(1),
    })
    .refine(oneLength, ONE_LENGTH)
    .optional(),
  evaluate: z
    .strictObject({
      knn: z.strictObject({ k: count.default(200), temperature: positive.default(0.07) }).prefault({}),
      linear: z
        .strictObject({
          epochs: count.default(100),
          batchSize: count.default(256),
          learningRate: positive.default(0.1),
        })
        .prefault({}),
      batchSize: count.default(500),
      depths: z
        .boolean()
        .default(false)
        .describe("probe the pretrained network at every depth: each stage, h, and each layer of the head"),
    })
    .prefault({}),
  calibrate: z
    .strictObject(labelledFields)
    .refine(oneLength, ONE_LENGTH)
    .optional()
    .describe(
      "measures how hard the data is: supervised with all labels, kNN on pixels, a probe on the random encoder",
    ),
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
