import { z } from "zod";
import { count, share } from "./numbers.js";
import { labelledFields, ONE_LENGTH, oneLength } from "./training.js";

/** How many images keep their label. */
export const labels = z
  .strictObject({
    fraction: share.optional().describe("share of each class's images that keep their label"),
    perClass: count.optional().describe("images per class that keep their label"),
    count: count
      .optional()
      .describe("images that keep their label, whatever their class, as if somebody had labelled so many"),
    choose: z
      .enum(["random", "suggested"])
      .optional()
      .describe(
        "which images `count` takes: random by default; suggested by the pretrained encoder, as `simclr label` suggests them",
      ),
    given: z.literal(true).optional().describe("every label that the data set has"),
    list: z
      .string()
      .min(1)
      .optional()
      .describe("file that lists the images that keep their label, a name on each line, as SimCLR's 1percent.txt"),
    steps: count.optional().describe("length of fine-tuning and of the control with this budget, instead of theirs"),
  })
  .refine(
    ({ fraction, perClass, count, given, list }) =>
      [fraction, perClass, count, given, list].filter((each) => each !== undefined).length === 1,
    {
      message: "give exactly one of `fraction`, `perClass`, `count`, `given` and `list`",
    },
  )
  .refine(({ count, choose }) => choose === undefined || count !== undefined, {
    message: "only `count` leaves open which images are chosen",
    path: ["choose"],
  });

/** Stage 2. */
export const finetune = z
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
      .describe("pretrained by default; random starts the kept layers of the head anew, to see what theirs are worth"),
    freezeHead: z.boolean().default(false).describe("do not train the layers kept from the head, as the TF1 code does"),
  })
  .refine(oneLength, ONE_LENGTH);

export const supervised = z
  .strictObject(labelledFields)
  .refine(oneLength, ONE_LENGTH)
  .optional()
  .describe("the control: the same network and labels, from scratch");

export const calibrate = z
  .strictObject(labelledFields)
  .refine(oneLength, ONE_LENGTH)
  .optional()
  .describe("measures how hard the data is: supervised with all labels, kNN on pixels, a probe on the random encoder");
