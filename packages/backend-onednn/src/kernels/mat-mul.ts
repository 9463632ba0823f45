import * as tf from "@tensorflow/tfjs-core";
import { applyActivation, hasVectorBias, optionalHandle } from "../activation.js";
import { compose } from "../composition.js";
import { allFloat32, type KernelCall, type NativeKernel } from "../kernel.js";
import { getPrecision } from "../precision.js";

interface MatMulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function multiply({ inputs, attrs, backend }: KernelCall, bias: tf.TensorInfo | null): tf.TensorInfo {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA = false, transposeB = false } = attrs as unknown as MatMulAttrs;
  const [rows, innerA] = lastTwo(a.shape, transposeA);
  const [innerB, cols] = lastTwo(b.shape, transposeB);
  tf.util.assert(
    innerA === innerB,
    () =>
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a.shape} and ` +
      `${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  const operands = [backend.handle(a), backend.handle(b), optionalHandle(backend, bias)];
  const flags = [Boolean(transposeA), Boolean(transposeB), getPrecision() === "bfloat16"];
  const product = [...operands, rows, innerA, cols, ...flags];
  if (a.shape.length === 2 && b.shape.length === 2) return backend.compute("MatMul", product, [rows, cols]);
  const batches = [a.shape.slice(0, -2), b.shape.slice(0, -2)] as const;
  const outBatch = tf.broadcast_util.assertAndGetBroadcastShape(...batches);
  const ofOneRank = batches.map((batch) => [...Array(outBatch.length - batch.length).fill(1), ...batch]);
  return backend.compute("MatMul", [...product, ...ofOneRank], [...outBatch, rows, cols]);
}

function lastTwo(shape: number[], transposed: boolean): [number, number] {
  const first = shape[shape.length - 2]!;
  const second = shape[shape.length - 1]!;
  return transposed ? [second, first] : [first, second];
}

function flops({ inputs, attrs }: KernelCall): number {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA = false, transposeB = false } = attrs as unknown as MatMulAttrs;
  const [rows, inner] = lastTwo(a.shape, transposeA);
  const [, cols] = lastTwo(b.shape, transposeB);
  const batch = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return 2 * tf.util.sizeFromShape(batch) * rows * inner * cols;
}

export const batchMatMul: NativeKernel = {
  name: "BatchMatMul",
  accepts: allFloat32,
  flops,
  run: (call) => multiply(call, null),
};

export const fusedMatMul: NativeKernel = {
  name: "_FusedMatMul",
  accepts: allFloat32,
  flops,
  run: (call) => {
    const { inputs, attrs, backend } = call;
    const { a, b, bias } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo; bias?: tf.TensorInfo };
    if (!bias || hasVectorBias(bias, lastTwo(b.shape, attrs.transposeB as boolean)[1])) {
      return applyActivation(call, multiply(call, bias ?? null));
    }
    const sum = compose(backend, (run) => run("Add", { a: run("BatchMatMul", { a, b }, attrs), b: bias }));
    return applyActivation(call, sum);
  },
};
