// The trainings that are compared: SimCLR, fine-tuning and distillation of a small ResNet, each with LARS, on images of noise
// around a colour of their own.
import { cifar, fineTune, flipLeftRight } from "@simclr/augment";
import { Random } from "@simclr/core";
import { distillation } from "@simclr/distill";
import { gatherRows } from "@simclr/distributed";
import { methods, methodTask, supervised } from "@simclr/methods";
import { classifier, classifierNetwork, defineEncoder, projectionHead, resNet } from "@simclr/models";
import { makeNormalisedConvolution, normalisedConvolve, weightMaker } from "@simclr/models/layers";
import * as tf from "@tensorflow/tfjs-core";

const SIDE = 8;
const CLASSES = 3;
/** Images of a step, on all ranks together: 1, 2, 3 and 4 divide it. */
const BATCH = 12;
const random = Random.fromSeed(11);

const encoder = (name) => resNet({ depth: 18, widthMultiplier: 1 / 16, imageSize: SIDE, random: random.fork(name) });

function network(name, zeroInit = true) {
  const trunk = encoder(name);
  const shape = { inputDimension: trunk.featureDimension, classCount: CLASSES, zeroInit };
  return classifierNetwork({ encoder: trunk, classifier: classifier({ ...shape, random: random.fork(name) }) });
}

function pretraining(gather = gatherRows, microBatch = undefined) {
  const trunk = encoder("simclr");
  const head = projectionHead({ inputDimension: trunk.featureDimension, layers: 2, outputDimension: 16, random });
  const network = { encoder: trunk, head, recipe: cifar({ size: SIDE }), random };
  return methodTask({ method: methods.simclr, options: { temperature: 0.5 }, ...network, gather, microBatch });
}

/** Images that go through the network at a time, on all ranks together, where a batch is encoded in parts. */
const PART = 6;

/** One convolution with batch norm, for a backend that takes seconds to compile each kernel. */
const narrow = defineEncoder({
  name: "narrow",
  build({ channels, random }) {
    const { make, weights } = weightMaker(random);
    const shape = { inputs: channels, filters: 8, size: 3, stride: 2 };
    const layer = makeNormalisedConvolution(make, { convolution: "conv", norm: "norm" }, shape);
    return {
      ...{ weights, featureDimension: 8 },
      forward(images, pass) {
        return tf.mean(normalisedConvolve(layer, images, pass, { activation: "relu" }), [1, 2]);
      },
    };
  },
});

function narrowPretraining(gather = gatherRows) {
  const trunk = narrow.build({ imageSize: SIDE, random });
  const head = projectionHead({ inputDimension: trunk.featureDimension, layers: 2, outputDimension: 8, random });
  const network = { encoder: trunk, head, recipe: [flipLeftRight()], random };
  return methodTask({ method: methods.simclr, options: { temperature: 0.5 }, ...network, gather });
}

/** `gather` gives the rows of all ranks; a mistake has another one. */
export const TASKS = {
  simclr: ({ gather }) => pretraining(gather),
  "simclr in parts": ({ gather, size }) => pretraining(gather, PART / size),
  "narrow simclr": ({ gather }) => narrowPretraining(gather),
  "fine-tuning": () => supervised({ network: network("fine-tuning"), recipe: fineTune({ size: SIDE }) }),
  distillation: () =>
    distillation({
      ...{ teacher: network("teacher", false), student: network("student"), recipe: fineTune({ size: SIDE }) },
      ...{ temperature: 0.5, alpha: 0.5 },
    }),
};

/**
 * Each step's images are new; a rank takes its part of them. One process takes them in the order in which so many ranks encode
 * them in parts, with `inPartsOf`: the first part of each rank, then the second.
 */
export function source({ rank, size }, inPartsOf = 1) {
  const own = BATCH / size;
  const [ofRank, ofPart] = [BATCH / inPartsOf, PART / inPartsOf];
  const place = (i) => {
    const [part, within] = [Math.floor(i / PART), i % PART];
    return Math.floor(within / ofPart) * ofRank + part * ofPart + (within % ofPart);
  };
  return {
    stepsPerEpoch: 1000,
    async *epoch(_, startStep) {
      for (let step = startStep; step < 1000; step++) {
        const images = Array.from({ length: own }, (_, i) =>
          image(step * BATCH + (inPartsOf > 1 ? place(i) : rank * own + i)),
        );
        yield {
          kind: "raw",
          images: Uint8Array.from(images.flatMap(({ pixels }) => [...pixels])),
          shape: [own, SIDE, SIDE, 3],
          indices: Int32Array.from(images, ({ index }) => index),
          labels: Int32Array.from(images, ({ index }) => index % CLASSES),
        };
      }
    },
  };
}

/** Classes differ in their tint. */
function image(index) {
  const draws = random.fork("image", index);
  const tint = Array.from({ length: 3 }, (_, c) => draws.integer(20, 120) + (c === index % CLASSES ? 60 : 0));
  return { index, pixels: Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => tint[i % 3] + draws.integer(0, 60)) };
}
