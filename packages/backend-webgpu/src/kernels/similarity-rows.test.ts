import "@simclr/ops/register";
import { ntXentLoss } from "@simclr/losses";
import { similarityLogSums, similarityRepulsion } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "../register-backend.js";
import { expectParity, hasTestDevice, NEEDS_DEVICE, noiseTensor } from "../testing.js";

/** Two views that resemble each other, `[N, D]` each. */
function views(images: number, dimension: number): [tf.Tensor2D, tf.Tensor2D] {
  const first = noiseTensor<tf.Rank.R2>([images, dimension], 1);
  return [first, tf.add(first, noiseTensor([images, dimension], 2))];
}

describe.skipIf(!hasTestDevice())(`rows of similarities against cpu (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });

  it.each([
    [256, 128, 0.1, undefined],
    [40, 19, 0.05, 50], // two blocks, the last one shorter
  ])(
    "NT-Xent of 2 x %i rows of %i at temperature %d, and its gradient",
    async (images, dimension, temperature, blockSize) => {
      const options = { temperature, ...(blockSize && { blockSize }) };
      await expectParity(() => {
        const loss = (...z: tf.Tensor[]) => ntXentLoss(z[0] as tf.Tensor2D, z[1] as tf.Tensor2D, options);
        const { value, grads } = tf.valueAndGrads(loss)(views(images, dimension));
        return [value, ...grads];
      }, 1e-5);
    },
  );

  it("sums over the candidates of all ranks, whose rows the anchors are a part of", async () => {
    await expectParity(() => {
      const unit = (x: tf.Tensor) => tf.div(x, tf.norm(x, 2, 1, true)) as tf.Tensor2D;
      const candidates = unit(noiseTensor([150, 66], 1));
      const rows = { candidates, temperature: 1, blockSize: 1000 };
      const all = similarityLogSums({ ...rows, anchors: candidates, offset: 0 });
      const own = { ...rows, anchors: tf.slice2d(candidates, [50, 0], [41, -1]), offset: 50 };
      const ownSums = similarityLogSums(own);
      return [ownSums, similarityRepulsion(own, ownSums, all)];
    }, 1e-5);
  });

  it("stays finite where all rows are zeros and the temperature is tiny, and a NaN comes through", async () => {
    await tf.setBackend("webgpu");
    const at = (z: tf.Tensor2D) => ntXentLoss(z, z, { temperature: 1e-4 }).data();
    expect((await at(tf.zeros([65, 19])))[0]).toBeCloseTo(Math.log(129), 5);
    const broken = tf.tensor2d(
      Array.from({ length: 65 * 19 }, (_, i) => (i === 700 ? Number.NaN : 1)),
      [65, 19],
    );
    expect((await at(broken))[0]).toBeNaN();
  });
});
