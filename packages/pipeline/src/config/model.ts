import { hasBottlenecks, type ResNetDepth } from "@simclr/models";
import { z } from "zod";
import { head } from "./head.js";
import { count, positive, share } from "./numbers.js";
import { part } from "./part.js";

export const depth = z.literal([18, 34, 50, 101, 152, 200]);

const dropFits = (size: { depth: ResNetDepth; dropBlock?: unknown }): boolean =>
  size.dropBlock === undefined || hasBottlenecks(size.depth);
const DROP_FITS = {
  message: "DropBlock needs bottlenecks, which depths 50, 101, 152 and 200 have",
  path: ["dropBlock"],
};

export const kernelsFit = (size: { depth?: ResNetDepth | undefined; selectiveKernel?: boolean | undefined }): boolean =>
  size.selectiveKernel !== true || size.depth === undefined || hasBottlenecks(size.depth);
export const KERNELS_FIT = {
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
export const ONE_ENCODER = {
  message: "an encoder of a plugin takes the place of the ResNet: remove depth, width and what else describes that",
  path: ["encoder"],
};

/** The network that is pretrained. */
export const model = z
  .strictObject({
    depth: depth.default(18),
    width: positive.default(1),
    selectiveKernel: z.boolean().default(false).describe("with the stem and shortcuts of ResNet-D; depth 50 and more"),
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
  .prefault({});
