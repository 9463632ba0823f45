import { writeFile } from "node:fs/promises";
import { ConfigError } from "@simclr/core";
import { type CheckDataOptions, type CheckedData, checkData } from "@simclr/pipeline";
import { outColors } from "./colors.js";
import { ExitCode } from "./exit-code.js";
import { isRewritable } from "./terminal-events.js";

export interface DataCheckOptions {
  readonly labels?: string;
  readonly format?: string;
  readonly split?: string;
  readonly limit?: number;
  readonly channels?: number;
  readonly workers?: number;
  readonly sheet?: string;
  readonly json?: boolean;
}

type Check = CheckedData["check"];
type Format = NonNullable<NonNullable<CheckDataOptions["open"]>["format"]>;
type Split = NonNullable<CheckDataOptions["splits"]>[number];

/** Names that are told of each kind of finding; `--json` has all. */
const TOLD = 20;

/** `simclr data check <paths...>`: 0 if nothing is wrong, 1 if there are problems. */
export async function dataCheckCommand(paths: readonly string[], options: DataCheckOptions): Promise<number> {
  const { json = false, sheet, labels, format, split, limit, workers, channels } = options;
  const isTerminal = isRewritable();
  const { check, sheet: picture } = await checkData(paths, {
    open: {
      ...(labels !== undefined && { labels }),
      ...(limit !== undefined && { limit }),
      // openDataset says what there is, where these are something else
      ...(format !== undefined && { format: format as Format }),
      ...(channels !== undefined && { channels: channels as 1 | 3 | 4 }),
    },
    ...(split !== undefined && { splits: split.split(",") as Split[] }),
    ...(workers !== undefined && { workers }),
    sheet: sheet !== undefined,
    ...(isTerminal && { onProgress: ({ done, total }) => process.stderr.write(`\rread ${done} of ${total}`) }),
  });
  if (isTerminal) process.stderr.write("\r\u001b[2K");
  if (sheet !== undefined && picture !== undefined) await writeSheet(sheet, picture);
  process.stdout.write(json ? `${JSON.stringify(check, null, 2)}\n` : describe(check));
  return check.problems.length === 0 ? ExitCode.Done : ExitCode.Failed;
}

async function writeSheet(file: string, picture: Uint8Array): Promise<void> {
  try {
    await writeFile(file, picture);
  } catch (cause) {
    throw new ConfigError(
      `--sheet: cannot write ${file}: ${(cause as Error).message}. Name a file in a folder that exists.`,
      { subject: file, cause },
    );
  }
  process.stderr.write(`samples: ${file}\n`);
}

function describe(check: Check): string {
  const lines = check.datasets.flatMap(describeDataset);
  const doubles = check.duplicates.map(({ images, labelsDiffer, acrossDatasets }) => {
    const marks = [...(labelsDiffer ? ["labels differ"] : []), ...(acrossDatasets ? ["in several data sets"] : [])];
    const names = images.map(({ id, label }) => (label === null ? id : `${id} (${label})`)).join(" = ");
    return `  ${names}${marks.length > 0 ? outColors.red(`  ${marks.join(", ")}`) : ""}`;
  });
  if (doubles.length > 0) lines.push(`${doubles.length} images with the same pixels:`, ...few(doubles));
  for (const note of check.notes) lines.push(`${outColors.yellow("note:")} ${note}`);
  for (const problem of check.problems) lines.push(`${outColors.red("problem:")} ${problem}`);
  if (check.problems.length === 0) lines.push(outColors.green("no problems"));
  return `${lines.join("\n")}\n`;
}

function describeDataset(dataset: Check["datasets"][number]): string[] {
  const { name, images, labelled, classes, imbalance, sizes, kinds, broken, ignored, ignoredCount } = dataset;
  const lines = [outColors.bold(name), `  images: ${whole(images)}, ${whole(labelled)} of them labelled`];
  if (classes.length > 0) {
    const ratio =
      imbalance === null ? "" : `; the largest has ${imbalance.toFixed(2)} times the images of the smallest`;
    lines.push(
      `  classes: ${classes.length}${ratio}`,
      ...few(classes.map((one) => `  ${one.name}: ${whole(one.images)}`)),
    );
  }
  if (sizes !== null) {
    const { shorterSide: side, smallest, largest, distinct, common } = sizes;
    const most = common.map(({ width, height, images: n }) => `${width}x${height} (${whole(n)})`).join(", ");
    lines.push(
      `  sizes: ${whole(distinct)}, the most frequent ${most}`,
      `  shorter side: ${side.min} to ${side.max} pixels, median ${side.median}, 90 % within ${side.p5} to ${side.p95}`,
      `  smallest: ${smallest.id}, ${smallest.width}x${smallest.height}; largest: ${largest.id}, ${largest.width}x${largest.height}`,
    );
  }
  lines.push(
    `  stored as: ${kinds.map(({ kind, images: n }) => `${kind} (${whole(n)})`).join(", ") || "nothing readable"}`,
  );
  if (ignoredCount > 0) lines.push(`  not images: ${whole(ignoredCount)}, such as ${ignored[0]}`);
  if (broken.length > 0)
    lines.push(
      outColors.red(`  broken: ${broken.length}`),
      ...few(broken.map(({ id, reason }) => `  ${id}: ${reason}`)),
    );
  return lines;
}

/** The first lines, indented, and how many are left out. */
function few(lines: readonly string[]): string[] {
  const left = lines.length - TOLD;
  return [...lines.slice(0, TOLD), ...(left > 0 ? [`  … and ${left} more (--json lists all)`] : [])].map(
    (line) => `  ${line}`,
  );
}

const whole = (count: number): string => count.toLocaleString("en");
