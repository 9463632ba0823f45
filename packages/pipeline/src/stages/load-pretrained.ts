import { CheckpointError, readWeights } from "@simclr/core";
import type { Encoder, ProjectionHead } from "@simclr/models";
import { encoderName } from "../build.js";
import type { Config } from "../config/schema.js";
import { loadTrainedModel } from "../predict/load-trained-model.js";
import { copyWeights } from "./copy-weights.js";
import { digestWeights } from "./digest-weights.js";

/**
 * Gives encoder and head the weights of `config.pretrained`. A head that has fewer layers there, or none, keeps its own
 * random weights as long as nothing but pretraining uses them.
 *
 * @returns A hash of the weights, for what depends on them.
 * @throws CheckpointError if there is no model, its network is another one, or it lacks layers of the head that
 * fine-tuning keeps.
 */
export async function loadPretrained(
  path: string,
  config: Config,
  encoder: Encoder,
  head: ProjectionHead,
): Promise<string> {
  const { model, path: place } = await loadTrainedModel(path, { plugins: config.plugins });
  try {
    const [expected, received] = [encoderName(encoder), encoderName(model.encoder)];
    if (expected !== received)
      throw new CheckpointError(
        `pretrained: ${place} holds the network ${received}, where the configuration says ${expected}. Set \`model\` to what the file holds.`,
        { subject: "pretrained", expected, received },
      );
    const needed = config.pretrain.steps === 0 ? config.finetune.headLayer : 0;
    if (model.headLayers < needed)
      throw new CheckpointError(
        `pretrained: ${place} has ${model.headLayers} layers of the head, where fine-tuning keeps ${needed}. Set finetune.headLayer to ${model.headLayers}, or pretrain too, which trains the head.`,
        { subject: "finetune.headLayer", expected: `at most ${model.headLayers}`, received: String(needed) },
      );
    const arrays = await readWeights(model.weights);
    copyWeights(arrays, encoder.weights, [`${encoder.name}/`]);
    if (model.head !== undefined && model.headLayers > 0)
      copyWeights(arrays, head.layerWeights(Math.min(model.headLayers, head.layers)), ["head/"]);
    return digestWeights(arrays);
  } finally {
    model.dispose();
  }
}
