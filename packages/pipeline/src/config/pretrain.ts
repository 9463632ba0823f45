import { z } from "zod";
import { count, range } from "./numbers.js";
import { part } from "./part.js";
import { ONE_LENGTH, oneLength, trainingFields } from "./training.js";

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

/** Stage 1. */
export const pretrain = z
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
        message: "`strength`, `area` and `sampler` belong to the built-in recipes; give them to the steps of the list",
      })
      .prefault({}),
  })
  .refine(oneLength, ONE_LENGTH)
  .refine(({ batchSize, effectiveBatch = batchSize }) => effectiveBatch % batchSize === 0, {
    message: "must be a multiple of `pretrain.batchSize`",
    path: ["effectiveBatch"],
  })
  .prefault(NOT_PRETRAINED)
  .describe("the first stage; may be left out where `pretrained` gives an encoder");
