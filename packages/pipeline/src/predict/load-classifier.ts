import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assignWeights, CheckpointError } from "@simclr/core";
import { buildClassifierNetwork, type ClassifierNetwork, type ClassifierNetworkDescription } from "@simclr/models";
import { type Checkpoint, listCheckpoints, loadCheckpoint } from "@simclr/trainer/node";

/** A trained classifier as a checkpoint describes it. The caller disposes the network. */
export interface LoadedClassifier {
  readonly network: ClassifierNetwork;
  readonly classNames: readonly string[];
  /** Side in pixels of the images that the network was trained on. */
  readonly imageSize: number;
  /** The checkpoint's folder. */
  readonly path: string;
}

/**
 * Loads a classifier from the folder of a checkpoint (`step-00000376`), of a stage (`4-per-class/finetune`: its newest
 * checkpoint), or of a run with one label budget: its distilled student (the first by name), or else its fine-tuned
 * network.
 *
 * @throws CheckpointError if nothing of the kind is there, several label budgets are, or the file is damaged.
 */
export async function loadClassifier(path: string): Promise<LoadedClassifier> {
  const checkpoint = await loadCheckpoint(await checkpointOf(path));
  const { network: description, classNames, imageSize } = contents(checkpoint);
  const network = buildClassifierNetwork(description, "zeros");
  try {
    assignWeights(network.weights, checkpoint.state.weights, checkpoint.path);
  } catch (error) {
    network.dispose();
    throw error;
  }
  return { network, classNames, imageSize, path: checkpoint.path };
}

async function checkpointOf(path: string): Promise<string> {
  if (existsSync(join(path, "checkpoint.json"))) return path;
  const [newest] = await listCheckpoints(path);
  if (newest !== undefined) return newest.path;
  const stages = await stagesWithLabels(path);
  const budgets = [...new Set(stages.map(({ budget }) => budget))];
  if (budgets.length > 1) {
    const choices = stages.map(({ budget, stage }) => join(path, budget, stage)).join(", ");
    throw new CheckpointError(
      `${path} holds classifiers of ${budgets.length} label budgets. Name the folder of one: ${choices}.`,
      { subject: path, expected: "one label budget", received: budgets.join(", ") },
    );
  }
  const chosen = stages.find(({ stage }) => stage.startsWith("distill-")) ?? stages[0];
  if (chosen === undefined) {
    throw new CheckpointError(
      `${path} holds no trained classifier. Expected the folder of a run, of one of its stages (such as ` +
        "runs/demo/fraction-0.01/distill-self) or of a checkpoint.",
      { subject: path, expected: "a trained classifier" },
    );
  }
  return chosen.checkpoint;
}

interface TrainedStage {
  readonly budget: string;
  readonly stage: string;
  /** The newest one's folder. */
  readonly checkpoint: string;
}

/** Stages of a run that leave a classifier behind, students first. */
async function stagesWithLabels(run: string): Promise<TrainedStage[]> {
  const found: TrainedStage[] = [];
  for (const budget of await foldersIn(run))
    for (const stage of await foldersIn(join(run, budget))) {
      if (!/^(distill-.+|finetune)$/.test(stage)) continue;
      const [newest] = await listCheckpoints(join(run, budget, stage));
      if (newest !== undefined) found.push({ budget, stage, checkpoint: newest.path });
    }
  return found;
}

async function foldersIn(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

function contents({ path, metadata }: Checkpoint) {
  const { network, classNames, imageSize } = metadata as {
    network?: ClassifierNetworkDescription;
    classNames?: readonly string[];
    imageSize?: number;
  };
  if (network?.kind !== "classifier-network" || classNames === undefined || imageSize === undefined) {
    throw new CheckpointError(
      `${path} is of the stage "${String(metadata.stage)}", which has no classes. Take a checkpoint of a stage with labels: finetune, supervised or distill-….`,
      { subject: path, expected: "a classifier", received: String(metadata.stage) },
    );
  }
  return { network, classNames, imageSize };
}
