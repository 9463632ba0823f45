import * as tf from "@tensorflow/tfjs-core";
import { isNumeric, type NativeKernel } from "../kernel.js";

interface PadAttrs {
  readonly paddings: readonly (readonly [before: number, after: number])[];
  readonly constantValue: number;
}

export const padV2: NativeKernel = {
  name: "PadV2",
  accepts: ({ inputs, attrs }) =>
    isNumeric(inputs.x!.dtype) && (attrs as unknown as PadAttrs).paddings.every((p) => p[0] >= 0 && p[1] >= 0),
  run: ({ inputs, attrs, backend }) => {
    const x = inputs.x!;
    const { paddings, constantValue } = attrs as unknown as PadAttrs;
    const before = paddings.map((p) => p[0]);
    const after = paddings.map((p) => p[1]);
    const shape = x.shape.map((size, d) => before[d]! + size + after[d]!);
    if (tf.util.arraysEqual(shape, x.shape)) return backend.alias(x);
    return backend.compute("Pad", [backend.handle(x), x.shape, before, after, constantValue], shape, x.dtype);
  },
};
