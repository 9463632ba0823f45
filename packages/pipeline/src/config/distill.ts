import { z } from "zod";
import { depth, KERNELS_FIT, kernelsFit, ONE_ENCODER } from "./model.js";
import { count, positive, share } from "./numbers.js";
import { part } from "./part.js";
import { labelledFields, ONE_LENGTH, oneLength } from "./training.js";

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

/** Stage 3. */
export const distill = z
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
    teacher: z
      .enum(["live", "cached"])
      .optional()
      .describe(
        "live by default, as in the paper: the teacher answers for each crop that the student sees. cached asks it once for the test-time view of each image and keeps the logits; `studentAugmentation` then is all that the student's images go through, from the whole image",
      ),
    teachers: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "model files, or folders of runs: classifiers that teach beside the fine-tuned one in the first round, by the mean of all their probabilities (Hinton et al. 2015, arXiv:1503.02531); none by default, as in the paper",
      ),
    rounds: count.default(1).describe("each student teaches the next round's of its kind"),
    stopAgreement: share
      .default(1)
      .describe("no further round once student and teacher agree on this share of the training crops"),
    students: z.array(student).min(1),
  })
  .refine(oneLength, ONE_LENGTH)
  .refine(({ teacher, studentAugmentation }) => teacher !== "cached" || studentAugmentation !== undefined, {
    path: ["teacher"],
    message:
      "cached logits answer for the test-time view, where the paper's crop is the teacher's too and differs at every step: give `studentAugmentation`, which augments the student's images alone, such as [randomResizedCrop, flipLeftRight], or leave the teacher live",
  })
  .refine(({ teacher, area }) => teacher !== "cached" || area === undefined, {
    path: ["area"],
    message:
      "with cached logits there is no crop that teacher and student share: give `area` to the randomResizedCrop of `studentAugmentation`",
  })
  .optional();
