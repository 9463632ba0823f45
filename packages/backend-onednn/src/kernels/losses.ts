import type * as tf from "@tensorflow/tfjs-core";
import type { NativeKernel } from "../kernel.js";

type Operands = Readonly<Record<string, tf.TensorInfo>>;

/** A kernel of rows, `[N, D]`: its operands in order, then N and D of the first that is a matrix. */
function ofRows(name: string, operands: readonly string[], shapeOf: (rows: number[]) => number[]): NativeKernel {
  return {
    name,
    run: ({ inputs, backend }) => {
      const given = operands.map((operand) => (inputs as Operands)[operand]!);
      const { shape } = given.find((info) => info.shape.length === 2)!;
      const args = [...given.map((info) => backend.handle(info)), shape[0]!, shape[1]!];
      return backend.compute(name, args, shapeOf(shape));
    },
  };
}

const same = (shape: number[]): number[] => shape;

/** The named kernels of `l2Normalize` and `weightedCrossEntropy` of `@simclr/ops`. */
export const losses: readonly NativeKernel[] = [
  ofRows("SimclrL2Normalize", ["x"], same),
  ofRows("SimclrL2NormalizeGrad", ["x", "dy"], same),
  ofRows("SimclrSoftmaxCrossEntropy", ["logits", "targets", "weights"], () => []),
  ofRows("SimclrSoftmaxCrossEntropyGrad", ["dy", "logits", "targets", "weights"], same),
];
