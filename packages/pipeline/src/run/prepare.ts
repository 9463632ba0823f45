import { type BackendReport, useBackend } from "@simclr/backends";
import { pretrainLoss, pretrainRecipe, studentRecipe } from "../build.js";
import type { Config } from "../config/schema.js";
import type { PipelineEvents } from "../events.js";
import { checkMemory } from "../memory/check-memory.js";
import { checkImagesSpecs } from "../plugins/build-dataset.js";
import { checkHooks } from "../plugins/build-hooks.js";
import { pretrainMethod } from "../plugins/build-method.js";
import { checkArchitectures, checkNetworks } from "../plugins/check-networks.js";
import { checkParts } from "../plugins/check-parts.js";
import { openParts, type Parts } from "../plugins/parts.js";
import { pluginWords } from "./facts.js";

/** What a configuration names, found and built, before anything is computed. */
export interface PreparedParts {
  readonly parts: Parts;
  readonly recipe: ReturnType<typeof pretrainRecipe>;
  /** Steps of plugins in the recipes of all stages. */
  readonly fromPlugins: ReturnType<typeof pretrainRecipe>["fromPlugins"];
  readonly loss: ReturnType<typeof pretrainLoss>;
  readonly method: ReturnType<typeof pretrainMethod>;
}

/** @throws ConfigError where the configuration names what is not there, or gives it options that it does not have. */
export async function prepareParts(config: Config, events: PipelineEvents): Promise<PreparedParts> {
  const parts = await openParts(config);
  for (const plugin of parts.plugins) events.line(`plugin: ${pluginWords(plugin)}`);
  const recipe = pretrainRecipe(config, parts);
  const ofStudents = studentRecipe(config, parts);
  const fromPlugins = [...recipe.fromPlugins, ...ofStudents.fromPlugins];
  const loss = pretrainLoss(config, parts);
  const method = pretrainMethod({ config, parts });
  checkHooks(config, parts);
  checkImagesSpecs(config, parts);
  checkArchitectures({ config, parts });
  return { parts, recipe, fromPlugins, loss, method };
}

/**
 * Chooses the backend, tries on it what plugins add, and checks that there is enough memory.
 *
 * @throws SimclrError where no backend is to be had, a plugin does not do what it must, or memory will not suffice.
 */
export async function prepareBackend(
  config: Config,
  { parts, recipe, fromPlugins, loss, method }: PreparedParts,
  events: PipelineEvents,
): Promise<BackendReport> {
  const backend = await chooseBackend(config, events);
  await checkParts(config, { ...recipe, fromPlugins }, loss, method, parts);
  await checkNetworks({ config, parts });
  if (config.memory.check) announceUnknown(checkMemory(config), events);
  return backend;
}

function announceUnknown(stages: readonly string[], events: PipelineEvents): void {
  if (stages.length === 0) return;
  events.line(`memory: not predicted for ${stages.join(", ")}, whose encoder comes from a plugin`);
}

async function chooseBackend({ backend }: Config, events: PipelineEvents): Promise<BackendReport> {
  const { name, threads, precision } = backend;
  const report = await useBackend(name, { precision, ...(threads !== undefined && { threads }) });
  events.line(`backend: ${report.name} (${report.details})`);
  const passedOver = report.tried.filter(({ name: tried }) => tried !== "tensorflow");
  for (const { name: tried, reason } of passedOver) events.line(`warning: not ${tried}: ${reason}`);
  return report;
}
