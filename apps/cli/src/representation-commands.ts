import { type BackendName, useBackend } from "@simclr/backends";
import { InvalidArgumentError } from "@simclr/core";
import {
  csv,
  EMBEDDING_FORMATS,
  embed,
  loadTrainedModel,
  neighbours,
  suggest,
  type TrainedModel,
  writeEmbeddings,
} from "@simclr/pipeline";
import { labelPage } from "./label-page.js";
import { checkEnding } from "./output-file.js";

export interface EmbedCommandOptions {
  readonly output: string;
  readonly skipBroken?: boolean;
  readonly backend: string;
}

export interface NeighborsCommandOptions {
  readonly k: number;
  readonly backend: string;
  readonly json?: boolean;
}

export interface LabelCommandOptions {
  readonly count: number;
  readonly seed: number;
  readonly backend: string;
  readonly json?: boolean;
  readonly page?: boolean;
  readonly labels?: string;
  readonly port?: number;
}

/** `simclr embed MODEL IMAGES -o FILE` */
export async function embedCommand(model: string, images: string, options: EmbedCommandOptions): Promise<void> {
  const { output, backend, skipBroken = false } = options;
  checkEnding("--output", output, EMBEDDING_FORMATS);
  await withModel(model, backend, async (trained) => {
    const embeddings = await embed({ model: trained, images, onBroken: skipBroken ? "skip" : "error" });
    for (const line of embeddings.skipped) process.stderr.write(`skipped ${line}\n`);
    const written = await writeEmbeddings(output, embeddings);
    const { files, dimension } = embeddings;
    process.stderr.write(`${files.length} images, ${dimension} numbers each\n`);
    process.stdout.write(written.map((file) => `${file}\n`).join(""));
  });
}

/** `simclr neighbors MODEL IMAGES QUERY` */
export async function neighborsCommand(
  model: string,
  images: string,
  query: string,
  { backend, k, json = false }: NeighborsCommandOptions,
): Promise<void> {
  await withModel(model, backend, async (trained) => {
    const found = await neighbours({ model: trained, images, query, k });
    const rows = found.map(({ file, similarity, label = "" }) => [file, similarity.toFixed(4), label]);
    process.stdout.write(
      json
        ? `${JSON.stringify({ query, neighbors: found }, null, 2)}\n`
        : csv([["file", "similarity", "label"], ...rows]),
    );
  });
}

/** `simclr label MODEL IMAGES` */
export async function labelCommand(model: string, images: string, options: LabelCommandOptions): Promise<void> {
  const { backend, count, seed, json = false, page = false, labels, port } = options;
  checkPageOptions(options);
  if (page) {
    const choose = async (most: number, file: string | undefined): Promise<readonly string[]> => {
      let chosen: readonly string[] = [];
      await withModel(model, backend, async (trained) => {
        chosen = await suggest({
          model: trained,
          images,
          count: most,
          seed,
          ...(file !== undefined && { labels: file }),
        });
      });
      return chosen;
    };
    return labelPage(model, images, { count, seed, labels, port, suggest: choose });
  }
  await withModel(model, backend, async (trained) => {
    const files = await suggest({ model: trained, images, count, seed });
    process.stdout.write(
      json
        ? `${JSON.stringify({ images: files }, null, 2)}\n`
        : csv([["file", "label"], ...files.map((file) => [file, ""])]),
    );
    process.stderr.write(
      "Fill in the label column, save it as labels.csv beside the images, and train again with `labels: [{ given: true }]`.\n",
    );
  });
}

/** @throws InvalidArgumentError for options that would be of no effect. */
function checkPageOptions({ page = false, json = false, labels, port }: LabelCommandOptions): void {
  const idle = page
    ? json && "--json does not go with --page, whose answers are in a file"
    : labels !== undefined
      ? "--labels needs --page, which writes the file"
      : port !== undefined && "--port needs --page, which is served there";
  if (idle === false) return;
  throw new InvalidArgumentError(`label: ${idle}. Leave it out${page ? "" : ", or add --page"}.`, { subject: "label" });
}

/** Loads backend and model, says which, and frees the model. */
async function withModel(path: string, backend: string, use: (model: TrainedModel) => Promise<void>): Promise<void> {
  const report = await useBackend(backend as BackendName | "auto");
  process.stderr.write(`backend: ${report.name} (${report.details})\n`);
  const trained = await loadTrainedModel(path);
  process.stderr.write(`model: ${trained.path}\n`);
  try {
    await use(trained);
  } finally {
    trained.model.dispose();
  }
}
