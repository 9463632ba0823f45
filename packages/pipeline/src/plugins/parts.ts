import { augmentations, type DefinedAugmentation, type NamedAugmentation } from "@simclr/augment";
import { ConfigError, type NamedDefinition } from "@simclr/core";
import type { DefinedDataset } from "@simclr/data";
import { losses, type PairLoss } from "@simclr/losses";
import { type Method, methods } from "@simclr/methods";
import type { DefinedEncoder, DefinedHead } from "@simclr/models";
import type { Config } from "../config/schema.js";
import { type NamedHook, namedHook } from "./build-hooks.js";
import { type LoadedPlugin, loadPlugins } from "./load-plugins.js";
import type { SupportedKind } from "./read-definitions.js";

/** A loss that a configuration can name. */
interface NamedLoss {
  readonly name: string;
  readonly optionNames: readonly string[];
  readonly loss: PairLoss;
}

/** All that a configuration can name: what is built in, and what its plugins add. */
export interface Parts {
  readonly plugins: readonly LoadedPlugin[];
  readonly augmentations: ReadonlyMap<string, NamedAugmentation>;
  /** Losses of the projections of two views. */
  readonly losses: ReadonlyMap<string, NamedLoss>;
  readonly methods: ReadonlyMap<string, Method>;
  /** Beside the layouts of files, which `openDataset` knows. */
  readonly datasets: ReadonlyMap<string, DefinedDataset>;
  /** Beside the ResNets. */
  readonly encoders: ReadonlyMap<string, DefinedEncoder>;
  /** Beside SimCLR's. */
  readonly heads: ReadonlyMap<string, DefinedHead>;
  /** Hooks of plugins; the built-in ones have settings of their own. */
  readonly hooks: ReadonlyMap<string, NamedHook>;
  /** The plugin that a name comes from; undefined for what is built in. */
  pluginOf(kind: SupportedKind, name: string): LoadedPlugin | undefined;
}

/** The built-in losses that need nothing but two projections. NT-Xent is what pretraining takes without a `loss`. */
const PAIR_LOSSES = [losses["decoupled-nt-xent"], losses["barlow-twins"], losses["vic-reg"]] as const;

/**
 * Loads the plugins of a configuration and puts their parts beside the built-in ones.
 *
 * @throws ConfigError if a plugin cannot be loaded, or two parts of a kind share a name.
 */
export async function openParts(config: Config): Promise<Parts> {
  const plugins = await loadPlugins(config.plugins);
  const steps = new Map<string, NamedAugmentation>(Object.entries(augmentations));
  const pairLosses = new Map<string, NamedLoss>(PAIR_LOSSES.map((loss) => [loss.name, namedLoss(loss)]));
  const tasks = new Map<string, Method>(Object.entries(methods));
  const datasets = new Map<string, DefinedDataset>();
  const encoders = new Map<string, DefinedEncoder>();
  const heads = new Map<string, DefinedHead>();
  const hooks = new Map<string, NamedHook>();
  /** How a definition of each kind joins the others. */
  const shelves: Readonly<Record<SupportedKind, Shelf>> = {
    augmentation: {
      has: (name) => steps.has(name),
      add: (value) => steps.set(value.name, namedAugmentation(value as DefinedAugmentation<object>)),
    },
    loss: {
      has: (name) => name in losses || pairLosses.has(name),
      add: (value) => pairLosses.set(value.name, namedLoss(value as PairLoss)),
    },
    method: { has: (name) => tasks.has(name), add: (value) => tasks.set(value.name, value as Method) },
    dataset: {
      has: (name) => datasets.has(name),
      add: (value) => datasets.set(value.name, value as DefinedDataset),
    },
    encoder: {
      has: (name) => encoders.has(name),
      add: (value) => encoders.set(value.name, value as DefinedEncoder),
    },
    head: { has: (name) => heads.has(name), add: (value) => heads.set(value.name, value as DefinedHead) },
    hook: { has: (name) => hooks.has(name), add: (value) => hooks.set(value.name, namedHook(value)) },
  };
  const origin = new Map<string, LoadedPlugin>();
  for (const plugin of plugins)
    for (const { kind, name, value } of plugin.definitions) {
      if (shelves[kind].has(name)) throw nameTaken(plugin, kind, name, origin.get(`${kind} ${name}`));
      origin.set(`${kind} ${name}`, plugin);
      shelves[kind].add(value);
    }
  return {
    plugins,
    augmentations: steps,
    losses: pairLosses,
    methods: tasks,
    datasets,
    encoders,
    heads,
    hooks,
    pluginOf: (kind, name) => origin.get(`${kind} ${name}`),
  };
}

/** All of a kind that a configuration can name. */
interface Shelf {
  has(name: string): boolean;
  add(value: NamedDefinition): void;
}

const namedLoss = (loss: PairLoss): NamedLoss => ({
  name: loss.name,
  optionNames: Object.keys(loss.options),
  loss,
});

const namedAugmentation = (augmentation: DefinedAugmentation<object>): NamedAugmentation => ({
  name: augmentation.name,
  optionNames: Object.keys(augmentation.options),
  with: (options) => augmentation.with(options),
});

function nameTaken(plugin: LoadedPlugin, kind: SupportedKind, name: string, other?: LoadedPlugin): ConfigError {
  const owner = other === undefined ? "that is built in" : `of the plugin ${other.name} (${other.file})`;
  return new ConfigError(
    `plugins: ${plugin.name}: the name of its ${kind} "${name}" is taken by the one ${owner}. Rename it in ${plugin.file}.`,
    { subject: name, expected: "a name of its own", received: name },
  );
}
