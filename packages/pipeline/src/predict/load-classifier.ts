import { CheckpointError } from "@simclr/core";
import { networkOf, type Preprocessing } from "@simclr/exchange";
import type { ClassifierNetwork } from "@simclr/models";
import { type LoadTrainedOptions, loadTrainedModel } from "./load-trained-model.js";

/** A trained classifier. The caller disposes the network. */
export interface LoadedClassifier {
  readonly network: ClassifierNetwork;
  /** Undefined where the model has no names for its outputs. */
  readonly classNames: readonly string[] | undefined;
  readonly preprocessing: Preprocessing;
  /** The file, or the checkpoint's folder. */
  readonly path: string;
}

/**
 * Loads a classifier from whatever `loadTrainedModel` takes.
 *
 * @throws SimclrError like `loadTrainedModel`; CheckpointError if the network has no classifier.
 */
export async function loadClassifier(given: string, options: LoadTrainedOptions = {}): Promise<LoadedClassifier> {
  const { model, path } = await loadTrainedModel(given, options);
  const { classifier, preprocessing } = model;
  if (classifier === undefined) {
    model.dispose();
    throw new CheckpointError(
      `${path} has no classes: it holds an encoder that was trained without labels. Take a checkpoint of a stage with labels: finetune, supervised or distill-….`,
      { subject: path, expected: "a classifier" },
    );
  }
  return { network: networkOf(model, path), classNames: model.classNames, preprocessing, path };
}
