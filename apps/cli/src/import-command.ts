import { readFile } from "node:fs/promises";
import { type BackendName, useBackend } from "@simclr/backends";
import { ConfigError } from "@simclr/core";
import type { Imported, ImportReport } from "@simclr/exchange";
import { importTensorflow, importTorchFile, saveModel } from "@simclr/exchange/node";
import { parseModelName } from "@simclr/models";
import { loadClassifier, predict } from "@simclr/pipeline";
import { summary } from "./predict-command.js";

/** Options that both imports share. */
interface ImportOptions {
  readonly output?: string;
  readonly imageSize?: number;
  readonly classes?: string;
  readonly check?: string;
  readonly backend: string;
  readonly json?: boolean;
}

export interface ImportTensorflowOptions extends ImportOptions {
  readonly copy?: "base" | "average";
  readonly architecture?: string;
  readonly classifierLayer: number;
}

export interface ImportTorchCommandOptions extends ImportOptions {
  readonly normalisation: boolean;
}

type Options = Omit<ImportTensorflowOptions, "copy" | "architecture" | "classifierLayer">;

/** How many names of each kind the report for people lists. */
const LISTED = 3;

/** `simclr import tf-checkpoint PREFIX` */
export async function importTensorflowCommand(prefix: string, options: ImportTensorflowOptions): Promise<void> {
  const { copy, architecture, classifierLayer } = options;
  await importWith(options, (common) =>
    importTensorflow(prefix, {
      ...common,
      copy,
      classifierLayer,
      ...(architecture !== undefined && { architecture: parseModelName(architecture) }),
    }),
  );
}

/** `simclr import safetensors FILE` */
export async function importTorchCommand(file: string, options: ImportTorchCommandOptions): Promise<void> {
  await importWith(options, (common) =>
    importTorchFile(file, { ...common, ...(!options.normalisation && { normalisation: null }) }),
  );
}

interface Common {
  readonly imageSize?: number | undefined;
  readonly classNames?: readonly string[] | undefined;
}

async function importWith(options: Options, run: (common: Common) => Promise<Imported>): Promise<void> {
  const { imageSize, classes, check, backend, json = false } = options;
  const { name } = await useBackend(check === undefined ? "cpu" : (backend as BackendName | "auto"));
  const classNames = classes === undefined ? undefined : await readLines(classes);
  const { model, report } = await run({ imageSize, classNames });
  const output = options.output ?? `${report.architecture}.safetensors`;
  try {
    await saveModel(output, model);
  } finally {
    model.dispose();
  }
  process.stdout.write(json ? `${JSON.stringify({ ...report, output }, null, 2)}\n` : describe(report, output));
  if (check === undefined) return;
  process.stderr.write(`backend: ${name}\n`);
  const classifier = await loadClassifier(output);
  try {
    const predictions = await predict({ classifier, images: check, unnamed: "folders" });
    process.stderr.write(`${summary(predictions)}\n`);
  } finally {
    classifier.network.dispose();
  }
}

async function readLines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((cause: Error) => {
    throw new ConfigError(
      `${file}: cannot read the class names (${cause.message}). Give a file with one name a line.`,
      {
        subject: file,
        cause,
      },
    );
  });
  return text.split(/\r?\n/).filter((line) => line !== "");
}

function describe(report: ImportReport, output: string): string {
  const { architecture, convolutions, batchNorms, headLayers, classCount, used, unused } = report;
  const parts = [
    `${convolutions} convolutions and ${batchNorms} batch norms`,
    ...(headLayers > 0 ? [`a head of ${headLayers} layers`] : []),
    ...(classCount > 0 ? [`a classifier of ${classCount} classes`] : []),
  ];
  const kinds = new Map<string, string[]>();
  for (const { name, reason } of unused) kinds.set(reason, [...(kinds.get(reason) ?? []), name]);
  return [
    `${architecture}: ${parts.join(", ")}`,
    `${used} tensors used, each of them once; ${unused.length} not used${unused.length > 0 ? ":" : ""}`,
    ...[...kinds].map(([reason, names]) => {
      const rest = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
      return `  ${reason}: ${names.slice(0, LISTED).join(", ")}${rest}`;
    }),
    `model:  ${output}`,
    "",
  ].join("\n");
}
