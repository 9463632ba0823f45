import { existsSync } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, dirname, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { ConfigError, DataError, InvalidArgumentError } from "@simclr/core";
import {
  checkData,
  clampEpochs,
  type Effort,
  FEWEST_EPOCHS,
  type Forecast,
  fitToTime,
  forecastRun,
  type Proposal,
  parseConfig,
  proposeRecipe,
} from "@simclr/pipeline";
import { stopOnSignals } from "@simclr/trainer/node";
import { duration } from "./duration.js";
import { terminalEvents } from "./terminal-events.js";

export interface InitCommandOptions {
  readonly output: string;
  readonly test?: string;
  readonly minutes?: number;
  readonly colourMatters?: boolean;
  readonly yes?: boolean;
}

/** What is known once the user was asked. */
interface Answers {
  readonly test: string | undefined;
  readonly minutes: number;
  readonly colourMatters: boolean;
}

const DEFAULT_MINUTES = 60;
/** Of the trial that measures this machine, with the largest views. */
const TRIAL = { width: 0.25, epochs: 10 };

/** `simclr init <images>`: looks at a folder, measures the machine, and writes a configuration that fits both. */
export async function initCommand(images: string, options: InitCommandOptions): Promise<void> {
  const { output } = options;
  if (existsSync(output))
    throw new ConfigError(`${output} is there already, and init overwrites nothing. Name another file with --output.`, {
      subject: output,
    });
  if (!existsSync(images))
    throw new DataError(`${images}: there is no such folder or file. Give the folder of your images.`, {
      subject: images,
    });
  const answers = await ask(options);
  const events = terminalEvents();
  events.line(`looking at ${images}`);
  const { check } = await checkData(answers.test === undefined ? [images] : [images, answers.test]);
  for (const problem of check.problems) events.line(`problem: ${problem}`);
  const proposal = proposeRecipe(check, {
    name: basename(output).replace(/\.ya?ml$/, ""),
    paths: await pathsOf(images, answers.test, output),
    colourMatters: answers.colourMatters,
  });
  events.line(
    `${proposal.images} images, ${proposal.labelled} with a label, ${proposal.classes} classes; views of up to ${proposal.sizes.at(-1)} pixels`,
  );
  const stop = stopOnSignals();
  try {
    const measure = (effort: Effort): Promise<Forecast> =>
      forecastRun(parseConfig(proposal.yaml(effort), resolve(output)), { events, signal: stop.signal });
    const { effort, seconds } = await chooseEffort(measure, proposal.sizes, 60 * answers.minutes);
    await writeFile(output, proposal.yaml(effort), { flag: "wx" });
    process.stdout.write(`${closing(output, images, proposal, effort, seconds)}\n`);
    if (seconds > 60 * answers.minutes)
      events.line(
        `warning: even ${FEWEST_EPOCHS} epochs of the narrowest network with the smallest views take longer than ${answers.minutes} minutes; stop and go on with --max-minutes`,
      );
  } finally {
    stop.dispose();
  }
}

/** The effort that fits the time, and how long it will take: by a trial of the narrowest network, and one of what is chosen. */
async function chooseEffort(
  measure: (effort: Effort) => Promise<Forecast>,
  sizes: readonly number[],
  seconds: number,
): Promise<{ effort: Effort; seconds: number }> {
  const trial: Effort = { ...TRIAL, imageSize: sizes.at(-1)! };
  let cost = costOf(await measure(trial), trial);
  let effort = fitToTime(cost, sizes, seconds);
  if (effort.width !== trial.width || effort.imageSize !== trial.imageSize) {
    cost = costOf(await measure({ ...effort, epochs: trial.epochs }), trial);
    effort = { ...effort, epochs: clampEpochs(Math.floor((seconds - cost.fixedSeconds) / cost.secondsPerEpoch)) };
  }
  return { effort, seconds: cost.fixedSeconds + effort.epochs * cost.secondsPerEpoch };
}

/** Pretraining and distillation grow with the epochs, all else does not. */
function costOf({ seconds, stages }: Forecast, { epochs }: Effort) {
  const growing = stages
    .filter(({ stage }) => /^(pretraining|distilling)/.test(stage))
    .reduce((sum, stage) => sum + stage.seconds, 0);
  return { fixedSeconds: seconds - growing, secondsPerEpoch: growing / epochs };
}

async function pathsOf(images: string, test: string | undefined, output: string) {
  const isFolder = (await stat(images)).isDirectory();
  const base = isFolder ? resolve(images) : dirname(resolve(images));
  const below = relative(dirname(resolve(output)), base);
  return {
    root: below || ".",
    train: isFolder ? "." : basename(images),
    test: test === undefined ? undefined : relative(base, resolve(test)),
  };
}

function closing(output: string, images: string, proposal: Proposal, effort: Effort, seconds: number): string {
  const { heldOut } = proposal;
  const run = `runs/${basename(output).replace(/\.ya?ml$/, "")}`;
  return [
    `wrote ${output}: ResNet-18 of width ${effort.width}, views of ${effort.imageSize} pixels, ${effort.epochs} epochs, about ${duration(seconds)} on this machine`,
    heldOut === undefined
      ? "measured on the test images"
      : `measured on ${100 * heldOut} % of the labelled images, which are kept out of training`,
    "",
    "next:",
    `  simclr run ${output}`,
    `  simclr predict ${run} ${images} > predictions.csv`,
    `  simclr export ${run} --format onnx -o classifier.onnx`,
  ].join("\n");
}

/** Asks for what the options leave open, on a terminal; else takes what is usual. */
async function ask(options: InitCommandOptions): Promise<Answers> {
  const { test, minutes, colourMatters, yes = false } = options;
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  if (yes || !isTerminal)
    return { test, minutes: checkMinutes(minutes ?? DEFAULT_MINUTES), colourMatters: colourMatters ?? false };
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  lines.once("close", () => closed.abort());
  const question = async (text: string, usual: string): Promise<string> => {
    try {
      return (await lines.question(`${text} [${usual}] `, { signal: closed.signal })).trim() || usual;
    } catch (cause) {
      throw new ConfigError("init was ended before all was answered; nothing is written. --yes takes what is usual.", {
        subject: "init",
        cause,
      });
    }
  };
  try {
    const folder = test ?? (await question("Labelled test images, or none to hold some out?", "none"));
    const time = minutes ?? Number(await question("Minutes that a run may take?", String(DEFAULT_MINUTES)));
    const colour = colourMatters ?? (await question("Does colour tell the classes apart?", "no")).startsWith("y");
    return { test: folder === "none" ? undefined : folder, minutes: checkMinutes(time), colourMatters: colour };
  } finally {
    lines.close();
  }
}

function checkMinutes(minutes: number): number {
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError(
    `--minutes must be a number above 0; received ${minutes}. Give the minutes that a run may take, such as 60.`,
    { subject: "--minutes", expected: "> 0", received: String(minutes) },
  );
}
