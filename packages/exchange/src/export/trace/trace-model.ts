import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Model } from "../../model/model.js";
import { BATCH, type TracedConstant, type TracedGraph } from "./graph.js";
import { KERNEL_SHAPES } from "./kernel-shapes.js";
import { tracingBackend } from "./tracing-backend.js";

/**
 * Outputs of a model in inference mode, by name: `representation`, `[N, D]`; `projection`, if it has the whole head and no
 * classifier; `logits`, if it has a classifier. The caller disposes them.
 *
 * @param images - float32 `[N, H, W, C]` in [0, 1]. Not disposed.
 */
export function modelOutputs(model: Model, images: tf.Tensor4D): Record<string, tf.Tensor2D> {
  const { encoder, head, headLayers, classifier, classifierLayer } = model;
  const inference = { training: false };
  const { pooled } = encoder.forward(images, inference); // [N, D]
  const depth = classifier === undefined ? headLayers : classifierLayer;
  const hiddens = head === undefined || depth === 0 ? [pooled] : head.forward(pooled, inference, depth);
  const last = hiddens[depth] ?? pooled;
  if (classifier !== undefined) return { representation: pooled, logits: classifier.forward(last) };
  const isWhole = head !== undefined && headLayers === head.layers;
  return isWhole ? { representation: pooled, projection: last } : { representation: pooled };
}

/**
 * Notes what a model computes, without computing it.
 *
 * The current backend is changed while it runs, so nothing else may compute meanwhile.
 *
 * @throws InvalidArgumentError if the model uses an operation that cannot be exported.
 */
export async function traceModel(model: Model): Promise<TracedGraph> {
  const { imageSize } = model.preprocessing;
  const before = tf.getBackend();
  const { name, backend } = tracingBackend();
  const outputs: Record<string, number> = {};
  const { info, value: input } = backend.makeValue([BATCH, imageSize, imageSize, model.encoder.input.channels]);
  await tf.setBackend(name);
  try {
    tf.tidy(() => {
      const images = tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor4D;
      for (const [key, tensor] of Object.entries(modelOutputs(model, images)))
        outputs[key] = backend.tracedValue(tensor).id;
    });
  } catch (error) {
    throw explain(error);
  } finally {
    await tf.setBackend(before);
  }
  const { outside, nodes } = backend;
  const names = new Map(model.weights.map(({ name, variable }) => [variable.dataId, name]));
  const constants = await Promise.all(
    outside.map(async ({ id, tensor, values }): Promise<TracedConstant> => {
      const data = values ?? ((await (tensor as tf.Tensor).data()) as Float32Array);
      return { id, name: names.get(tensor.dataId) ?? `constant/${id}`, shape: tensor.shape, data };
    }),
  );
  return { input, nodes, constants, outputs };
}

/** Turns tfjs's complaint about a kernel that the tracing backend lacks into ours. */
function explain(error: unknown): unknown {
  const kernel = /Kernel '(\w+)' not registered/.exec((error as Error).message)?.[1];
  if (kernel === undefined) return error;
  const expected = Object.keys(KERNEL_SHAPES).join(", ");
  return new InvalidArgumentError(
    `Cannot export the model: it uses the operation ${kernel}, which is not supported in an export. Supported are ${expected}. Build the network from those.`,
    { subject: kernel, expected, received: kernel },
  );
}
