import "@simclr/ops/register";
import "@tensorflow/tfjs-backend-webgpu";
import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "../register-backend.js";
import { hasTestDevice, NEEDS_DEVICE, noiseTensor, on, relativeError } from "../testing.js";

/** The kernels as tfjs has them. */
const stock = new Map(tf.getKernelsForBackend("webgpu").map(({ kernelName, kernelFunc }) => [kernelName, kernelFunc]));

function runStock(name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap = {}): tf.Tensor {
  const backend = tf.backend() as WebGPUBackend;
  const info = stock.get(name)!({ inputs: inputs as unknown as tf.NamedTensorInfoMap, backend, attrs });
  return tf.engine().makeTensorFromTensorInfo(info as tf.TensorInfo);
}

const listed = (tensors: tf.Tensor[]) => tensors as unknown as tf.NamedTensorMap;

/** The values of the second length: the first one may be right. */
function sumsOfTwoLengths(sum: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  sum(noiseTensor([4, 30], 1));
  return sum(noiseTensor([4, 50], 2));
}

/** For each bug, the call as a program makes it, and the same on the kernel as tfjs has it; not for D, which takes long. */
const BUGS: Record<string, { readonly guarded: () => tf.Tensor; readonly unguarded?: () => tf.Tensor }> = {
  "A: a product with a transposed b, a long inner axis and a small result": {
    guarded: () => tf.matMul(noiseTensor([64, 2048], 1), noiseTensor<tf.Rank.R2>([64, 2048], 2), false, true),
    unguarded: () =>
      runStock(
        "BatchMatMul",
        { a: noiseTensor([1, 64, 2048], 1), b: noiseTensor([1, 64, 2048], 2) },
        { transposeA: false, transposeB: true },
      ),
  },
  "B: a sum of more tensors than the device binds": {
    guarded: () => tf.addN(Array.from({ length: 70 }, (_, i) => noiseTensor([300], i))),
    unguarded: () => runStock("AddN", listed(Array.from({ length: 70 }, (_, i) => noiseTensor([300], i)))),
  },
  "C: crops from more images than there are crops": {
    guarded: () =>
      tf.image.cropAndResize(
        noiseTensor<tf.Rank.R4>([5, 4, 4, 3], 1),
        tf.abs(noiseTensor<tf.Rank.R2>([2, 4], 2)),
        tf.tensor1d([4, 3], "int32"),
        [3, 3],
      ),
    unguarded: () =>
      runStock(
        "CropAndResize",
        {
          image: noiseTensor([5, 4, 4, 3], 1),
          boxes: tf.abs(noiseTensor([2, 4], 2)),
          boxInd: tf.tensor1d([4, 3], "int32"),
        },
        { cropSize: [3, 3], method: "bilinear", extrapolationValue: 0 },
      ),
  },
  "F: sums from the end of axes of two lengths": {
    guarded: () => sumsOfTwoLengths((x) => tf.cumsum(x, 1, true, true)),
    unguarded: () =>
      sumsOfTwoLengths((x) => runStock("Cumsum", { x: x as tf.Tensor }, { axis: 1, exclusive: true, reverse: true })),
  },
  "F: the gradient of sums from the start": {
    guarded: () => sumsOfTwoLengths((x) => tf.grad((y) => tf.cumsum(y, 1))(x, tf.exp(x))),
  },
  "D: a softmax of more than 65,535 rows": {
    guarded: () => tf.softmax(noiseTensor([65_600, 3], 1)),
  },
};

describe.skipIf(!hasTestDevice())(`kernels that tfjs has wrong (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
    tf.env().set("WEBGPU_CPU_FORWARD", false); // tiny tensors would not reach the GPU
  });

  it.each(Object.keys(BUGS))("%s", async (name) => {
    const { guarded, unguarded } = BUGS[name]!;
    const expected = await on("cpu", () => [guarded()]);
    if (unguarded) {
      const wrong = await on("webgpu", () => [unguarded()]).then(
        ([values]) => relativeError(values!, expected[0]!),
        () => Number.POSITIVE_INFINITY,
      );
      expect(wrong).toBeGreaterThan(0.01); // else the guard has become needless
    }
    const right = await on("webgpu", () => [guarded()]);
    expect(relativeError(right[0]!, expected[0]!)).toBeLessThan(3e-6);
  });
});
