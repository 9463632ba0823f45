import { readFile } from "node:fs/promises";
import type { BackendReport } from "@simclr/backends";
import type { Communicator } from "@simclr/core";
import { availableCores } from "@simclr/core/node";
import { requireAgreement } from "@simclr/distributed";
import type { Config } from "../config/schema.js";
import type { PipelineEvents } from "../events.js";
import type { RunImages } from "../images.js";
import type { LoadedPlugin } from "../plugins/load-plugins.js";
import type { RunResults } from "../results.js";
import { type OpenFolderOptions, RunFolder } from "./run-folder.js";

/**
 * Opens the run's folder on every rank; the first one makes it, or moves what was there aside, and holds its lock.
 *
 * @throws TrainingError on every rank where one has another configuration, or another Node.js.
 */
export async function openTogether(
  config: Config,
  options: Pick<OpenFolderOptions, "fresh" | "shared" | "say">,
  communicator: Communicator,
): Promise<RunFolder> {
  if (communicator.size === 1) return RunFolder.open(config, options);
  const { output: _output, ...decisive } = config;
  await requireAgreement(communicator, { ...leaves(decisive), "the version of Node.js": process.version });
  const own = communicator.rank === 0 ? await RunFolder.open(config, options) : undefined;
  await communicator.barrier();
  return own ?? RunFolder.open(config, { shared: options.shared, writes: false });
}

/** @throws TrainingError on every rank where one has other images, other plugins or another backend. */
export async function agreeOnInputs(
  images: RunImages,
  plugins: readonly LoadedPlugin[],
  { name }: BackendReport,
  communicator: Communicator,
): Promise<void> {
  await requireAgreement(communicator, {
    "the training images": images.train.fingerprint,
    "the test images": images.test.fingerprint,
    "the plugins": plugins.map(({ name: plugin, sha256 }) => `${plugin} ${sha256}`).join(", "),
    "the backend": name,
  });
}

/** Every setting under its path, such as `pretrain.batchSize` or `labels.0.fraction`. */
function leaves(value: unknown, path = ""): Record<string, string> {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null) return { [path]: String(value) };
  const inner = Object.entries(value).map(([key, each]) => leaves(each, path === "" ? key : `${path}.${key}`));
  return Object.assign({}, ...inner) as Record<string, string>;
}

/** Says how many ranks there are, and warns where those of this machine outnumber its processors. */
export function announceRanks({ size }: Communicator, events: PipelineEvents): void {
  if (size === 1) return;
  events.line(`${size} ranks`);
  const local = Number(process.env.OMPI_COMM_WORLD_LOCAL_SIZE ?? process.env.MPI_LOCALNRANKS ?? size);
  const processors = availableCores();
  if (local > processors)
    events.line(`warning: ${local} ranks share ${processors} processors of this machine; start no more than that`);
}

/** What the first rank found, for the others, once it is written. */
export async function resultsOfFirst(folder: RunFolder, communicator: Communicator): Promise<RunResults> {
  await communicator.barrier();
  return JSON.parse(await readFile(folder.stage("results.json"), "utf8")) as RunResults;
}
