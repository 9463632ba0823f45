import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random } from "@simclr/core";
import { classifierModel, decodeModel, encodeModel, networkOf } from "@simclr/exchange";
import { trainable, weightGradients } from "@simclr/methods";
import { BatchStatistics, classifier, classifierNetwork, parseModelName, projectionHead, resNet } from "@simclr/models";
import { momentumSgd } from "@simclr/optim";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "./register-backend.js";
import { hasTestDevice, NEEDS_DEVICE, noise, relativeError } from "./testing.js";

const SIDE = 16;
const card = { preprocessing: { imageSize: SIDE, cropFraction: 1, resize: "tf1-bicubic" } } as const;
const images = (): tf.Tensor4D => tf.tensor4d(noise(4 * SIDE * SIDE * 3, 2), [4, SIDE, SIDE, 3]);

/** A network after a few steps on the current backend. */
function trained() {
  const random = Random.fromSeed(8);
  const encoder = resNet({ ...parseModelName("r18_0.0625x"), imageSize: SIDE, random });
  const { featureDimension: inputDimension } = encoder;
  const network = classifierNetwork({
    encoder,
    head: projectionHead({ inputDimension, layers: 2, random }),
    headLayers: 1,
    classifier: classifier({ inputDimension, classCount: 5, zeroInit: false, random }),
  });
  const weights = trainable(network.weights);
  const optimizer = momentumSgd({ momentum: 0.9 });
  for (let step = 0; step < 3; step++) {
    const x = images();
    const statistics = new BatchStatistics();
    const { loss, gradients } = weightGradients(
      () => tf.mean(tf.square(tf.sub(network.forward(x, { training: true, statistics }), 1))) as tf.Scalar,
      weights,
    );
    optimizer.apply(weights, gradients, 0.05);
    statistics.apply();
    tf.dispose([x, loss, gradients]);
  }
  optimizer.dispose();
  return network;
}

describe.skipIf(!hasTestDevice())(`weights that onednn saved, on webgpu (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
  });

  it("give the same outputs", async () => {
    await tf.setBackend("onednn");
    const network = trained();
    const model = classifierModel(network, card);
    const bytes = new Uint8Array(Buffer.concat(await encodeModel(model)));
    const expected = await tf.tidy(() => network.forward(images(), { training: false })).data();
    model.dispose();
    await tf.setBackend("webgpu");
    await tf.ready();
    const loaded = await decodeModel(bytes, "m.safetensors");
    const actual = await tf.tidy(() => networkOf(loaded, "m").forward(images(), { training: false })).data();
    loaded.dispose();
    expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(1e-3);
    expect(relativeError(actual, expected)).toBeLessThan(1e-5);
  });
});
