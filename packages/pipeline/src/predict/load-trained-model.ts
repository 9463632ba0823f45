import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { assignWeights, CheckpointError, type NamedArrays } from "@simclr/core";
import { buildModel, type Model, type ModelCard, type ModelDescription } from "@simclr/exchange";
import { loadModel } from "@simclr/exchange/node";
import type { ArchitectureDescription, ClassifierNetworkDescription, HeadDescription } from "@simclr/models";
import { averagedWeights } from "@simclr/trainer";
import { type Checkpoint, listCheckpoints, loadCheckpoint } from "@simclr/trainer/node";
import { definitionsOf } from "../plugins/build-own.js";
import { type LoadedPlugin, loadPlugins } from "../plugins/load-plugins.js";
import type { PluginSource } from "../plugins/plugin-source.js";
import { loadRecorded, type RecordedPlugin } from "../plugins/recorded-plugins.js";

/** Images up to this size are not cropped at test time. */
const SMALL_IMAGE = 32;

/** A model and where it was found. The caller disposes the model. */
export interface TrainedModel {
  readonly model: Model;
  /** The file, or the checkpoint's folder. */
  readonly path: string;
}

/** What the stages write into their checkpoints. */
interface StageMetadata {
  readonly stage?: string;
  readonly network?: ClassifierNetworkDescription;
  readonly encoder?: ArchitectureDescription;
  readonly head?: HeadDescription;
  readonly classNames?: readonly string[];
  readonly imageSize?: number;
  readonly plugins?: readonly RecordedPlugin[];
}

export interface LoadTrainedOptions {
  /**
   * Where encoders and heads of plugins come from: what a model file needs, since it travels without them.
   *
   * @defaultValue for a checkpoint those of its run, where they were and as they were
   */
  readonly plugins?: readonly PluginSource[];
}

/**
 * Loads a trained network from a model file (`student.safetensors`), from the folder of a checkpoint (`step-00000376`), of
 * a stage (`pretrain`, `4-per-class/finetune`: its newest checkpoint), or of a run with one label budget: its distilled
 * student (the first by name, of its last round), or else its fine-tuned network.
 *
 * @throws CheckpointError if nothing of the kind is there, several label budgets are, the file is damaged, or a plugin that
 * the network comes from is missing or was changed; ConfigError if one of `plugins` cannot be loaded; InvalidArgumentError
 * if none of them defines a part of the network.
 */
export async function loadTrainedModel(path: string, { plugins }: LoadTrainedOptions = {}): Promise<TrainedModel> {
  const given = await loadPlugins(plugins ?? []);
  if (path.endsWith(".safetensors")) return { model: await loadModel(path, definitionsOf(given)), path };
  const checkpoint = await loadCheckpoint(await checkpointOf(path));
  const description = describe(checkpoint);
  const loaded = plugins === undefined ? await pluginsOf(checkpoint, description) : given;
  const model = buildModel(description, cardOf(checkpoint), definitionsOf(loaded));
  try {
    assignWeights(model.weights, weightsOf(checkpoint, model), checkpoint.path);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { model, path: checkpoint.path };
}

function describe({ path, metadata }: Checkpoint): ModelDescription {
  const { network, encoder, head, stage } = metadata as StageMetadata;
  if (network !== undefined) {
    const { headLayers } = network;
    const { encoder, head, classifier } = network;
    return { encoder, head, headLayers, classifier, classifierLayer: headLayers };
  }
  if (encoder !== undefined) return { encoder, head, headLayers: head?.layers ?? 0, classifierLayer: 0 };
  throw new CheckpointError(
    `${path} is of the stage "${String(stage)}", which describes no network. Take a checkpoint that simclr run wrote.`,
    { subject: path, expected: "a network", received: String(stage) },
  );
}

/** The plugins that the network of a checkpoint comes from, as its run had them. */
function pluginsOf(
  { path, metadata }: Checkpoint,
  { encoder, head }: ModelDescription,
): Promise<readonly LoadedPlugin[]> {
  const needed = [
    ...(encoder.kind === "defined-encoder" ? [`encoder ${encoder.definition}`] : []),
    ...(head?.kind === "defined-head" ? [`head ${head.definition}`] : []),
  ];
  return loadRecorded((metadata as StageMetadata).plugins ?? [], needed, path);
}

/** Of pretraining, a checkpoint may hold more than encoder and head: what the method keeps beside them. */
function weightsOf({ metadata, state }: Checkpoint, { weights }: Model): NamedArrays {
  const saved = averagedWeights(state);
  if ((metadata as StageMetadata).network !== undefined) return saved;
  const names = weights.map(({ name }) => name).filter((name) => Object.hasOwn(saved, name));
  return Object.fromEntries(names.map((name) => [name, saved[name]!]));
}

function cardOf({ path, metadata }: Checkpoint): ModelCard {
  const { classNames, imageSize, stage } = metadata as StageMetadata;
  if (imageSize === undefined)
    throw new CheckpointError(
      `${path} is of the stage "${String(stage)}", which does not say the size of its images. Take a checkpoint that simclr run wrote.`,
      { subject: path, expected: "imageSize" },
    );
  return {
    preprocessing: { imageSize, cropFraction: imageSize <= SMALL_IMAGE ? 1 : 0.875, resize: "tf1-bicubic" },
    classNames,
    origin: `stage ${String(stage)}, ${path}`,
  };
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
  const student = stages.find(({ stage }) => stage.startsWith("distill-"));
  const chosen = student === undefined ? stages[0] : lastRound(stages, student);
  if (chosen === undefined) {
    throw new CheckpointError(
      `${path} holds no trained classifier. Expected the folder of a run, of one of its stages (such as ` +
        "runs/demo/fraction-0.01/distill-self) or of a checkpoint.",
      { subject: path, expected: "a trained classifier" },
    );
  }
  return chosen.checkpoint;
}

/** What the student's later rounds left, `distill-self-2` and so on, if there were some. */
function lastRound(stages: readonly TrainedStage[], first: TrainedStage): TrainedStage {
  let last = first;
  for (let round = 2; ; round++) {
    const next = stages.find(({ stage }) => stage === `${first.stage}-${round}`);
    if (next === undefined) return last;
    last = next;
  }
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
