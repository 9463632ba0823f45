import { checkOptions, InvalidArgumentError, markDefinition } from "@simclr/core";
import type { TrainerHook } from "./hooks.js";

/** What surrounds the run that a hook is made for. */
export interface HookContext {
  /** The folder of the training, for files of the hook's own; there already. */
  readonly folder: string;
  /** Tells whoever runs it: a line of news. */
  readonly say: (text: string) => void;
}

/** A hook with options, as a configuration names it: each training gets one of its own. */
export interface HookDefinition<Options extends object> {
  /** Names the hook in configurations, checkpoints and messages. */
  readonly name: string;
  /** Every option with its default, as plain data that a configuration file can hold. */
  readonly options: Options;
  /**
   * Makes the hook for one training; what it remembers lives in this call.
   *
   * @param options - All of them: what the configuration gave over the defaults.
   */
  create(options: Options, context: HookContext): Omit<TrainerHook, "name">;
}

/** A definition that was checked when it was made. */
export interface DefinedHook<Options extends object = object> {
  readonly name: string;
  /** The defaults. */
  readonly options: Readonly<Options>;
  /**
   * The same definition with other defaults.
   *
   * @throws InvalidArgumentError if an option is unknown or of another kind than its default.
   */
  with(options: Partial<Options>): DefinedHook<Options>;
  create(context: HookContext): TrainerHook;
}

/** @param check - What `defineHook` checks of every hook. */
export function definedHook<Options extends object>(
  definition: HookDefinition<Options>,
  check: (hook: TrainerHook) => TrainerHook,
): DefinedHook<Options> {
  const { name, create } = definition;
  check({ name });
  if (typeof definition.options !== "object" || definition.options === null)
    throw new InvalidArgumentError(
      `defineHook: \`options\` of "${name}" must be an object with the default of every option; received ${typeof definition.options}. Write \`options: {}\` if it has none.`,
      { subject: "options", expected: "an object", received: typeof definition.options },
    );
  const withDefaults = (options: Readonly<Options>): DefinedHook<Options> => {
    const defined: DefinedHook<Options> = {
      name,
      options,
      with(given) {
        checkOptions(`hook "${name}"`, given, options);
        return withDefaults(Object.freeze({ ...options, ...given }));
      },
      create: (context) => check({ ...create.call(definition, options, context), name }),
    };
    return Object.freeze(markDefinition("hook", defined));
  };
  return withDefaults(Object.freeze({ ...definition.options }));
}
