import type { Method } from "@simclr/methods";
import type { Plan } from "../build.js";
import { checkOptionNames, inPlace, lookUp } from "./build-recipe.js";
import type { LoadedPlugin } from "./load-plugins.js";
import type { Parts } from "./parts.js";

/** A pretraining method with the configuration's options. */
export interface ChosenMethod {
  readonly method: Method;
  readonly options: Readonly<Record<string, unknown>>;
  /** The plugin that it comes from; undefined where it is built in. */
  readonly fromPlugin: LoadedPlugin | undefined;
}

/** @throws ConfigError with the nearest name, if nothing is called so. */
export const namedMethod = (name: string, { methods }: Parts): Method => lookUp(name, methods, "method", "method.name");

/**
 * The method that a configuration names.
 *
 * @throws ConfigError if the name or an option is unknown, or an option does not fit.
 */
export function pretrainMethod({ config, parts }: Plan): ChosenMethod {
  const { name, ...options } = config.method;
  const method = namedMethod(name, parts);
  checkOptionNames({ name, optionNames: Object.keys(method.options.shape) }, options, "method");
  inPlace("method", () => method.checkOptions(options));
  return { method, options, fromPlugin: parts.pluginOf("method", name) };
}
