import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { Random } from "@simclr/core";
import {
  BatchStatistics,
  classifier,
  classifierNetwork,
  projectionHead,
  type ResNetArchitecture,
  resNet,
} from "@simclr/models";
import { variableGradients } from "@simclr/ops";
import { expectCloseToLargest } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { classifierModel, networkOf } from "./model.js";
import { decodeModel, encodeModel } from "./model-file.js";

const SIDE = 32;
const card = { preprocessing: { imageSize: SIDE, cropFraction: 1, resize: "tf1-bicubic" } } as const;
const images = (): tf.Tensor4D => tf.randomUniform<tf.Rank.R4>([4, SIDE, SIDE, 3], 0, 1, "float32", 1);

/** A network after a few steps of gradient descent on the current backend. */
function trained(architecture: ResNetArchitecture) {
  const random = Random.fromSeed(8);
  const encoder = resNet({ ...architecture, imageSize: SIDE, random });
  const { featureDimension: inputDimension } = encoder;
  const network = classifierNetwork({
    encoder,
    head: projectionHead({ inputDimension, layers: 2, random }),
    headLayers: 1,
    classifier: classifier({ inputDimension, classCount: 5, zeroInit: false, random }),
  });
  const variables = network.weights.map(({ variable }) => variable).filter(({ trainable }) => trainable);
  for (let step = 0; step < 3; step++) {
    const statistics = new BatchStatistics();
    const { value, grads } = variableGradients(
      () => tf.tidy(() => tf.mean(tf.square(tf.sub(network.forward(images(), { training: true, statistics }), 1)))),
      variables,
    );
    for (const variable of variables)
      tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, 0.05))));
    statistics.apply();
    tf.dispose([value, grads]);
  }
  return network;
}

it.each<[string, ResNetArchitecture]>([
  ["ResNet-18", { depth: 18, widthMultiplier: 1 / 16 }],
  ["ResNet-50 with selective kernels", { depth: 50, widthMultiplier: 1 / 16, selectiveKernel: true }],
])("weights of %s that were trained and saved on onednn give the same outputs on cpu", async (_, architecture) => {
  await tf.setBackend("onednn");
  const network = trained(architecture);
  const model = classifierModel(network, card);
  const bytes = new Uint8Array(Buffer.concat(await encodeModel(model)));
  const expected = await tf.tidy(() => network.forward(images(), { training: false })).data();
  network.dispose();
  await tf.setBackend("cpu");
  const loaded = await decodeModel(bytes, "m.safetensors");
  const actual = await tf.tidy(() => networkOf(loaded, "m").forward(images(), { training: false })).data();
  loaded.dispose();
  expect(Math.max(...expected) - Math.min(...expected)).toBeGreaterThan(1e-3);
  expectCloseToLargest(actual, expected, 1e-5); // float32, added up in another order
});
