import { appendFile, mkdir, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { checkChoice } from "@simclr/core";
import { defineHook, type TrainerHook } from "../hooks.js";
import { writeFileAtomic } from "./atomic-file.js";

export interface JsonlHookOptions {
  /** One line per step, or one per epoch. @defaultValue "step" */
  readonly per?: "step" | "epoch";
}

/**
 * Appends what was measured to a file, one JSON object a line: a `StepReport` or an `EpochReport`; numbers that are not
 * finite become null. A run that begins at step `n` first drops the lines of step `n` and later, and a last line that
 * was cut short, so the file holds each step once. The file is on disk before a checkpoint whose hook comes later in
 * the list. Only rank 0 writes.
 */
export function jsonlHook(file: string, { per = "step" }: JsonlHookOptions = {}): TrainerHook {
  checkChoice("jsonlHook", { per }, ["step", "epoch"]);
  const append = async (isWriter: boolean, report: object): Promise<void> => {
    if (isWriter) await appendFile(file, `${JSON.stringify(report)}\n`);
  };
  return defineHook({
    name: "jsonl",
    async trainStart({ communicator, startStep }) {
      if (communicator.rank !== 0) return;
      await mkdir(dirname(file), { recursive: true });
      await dropLinesFrom(file, startStep);
    },
    async stepEnd({ communicator }, report) {
      if (per === "step") await append(communicator.rank === 0, report);
    },
    async epochEnd({ communicator }, report) {
      if (per === "epoch") await append(communicator.rank === 0, report);
    },
    async checkpoint({ communicator }) {
      if (communicator.rank === 0) await syncFile(file);
    },
  });
}

/** Keeps the lines before `step`, in one rename; a file that needs no change is left alone. */
async function dropLinesFrom(file: string, step: number): Promise<void> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const lines = text.split("\n").slice(0, -1); // what follows the last newline was cut short
  const kept = lines.filter((line) => isBefore(line, step)).map((line) => `${line}\n`);
  if (kept.join("") === text) return;
  await writeFileAtomic(file, kept.join(""));
}

/** Lines that are not ours, such as notes of another program, stay. */
function isBefore(line: string, step: number): boolean {
  try {
    const value = JSON.parse(line) as { readonly step?: unknown } | null;
    return typeof value?.step !== "number" || value.step < step;
  } catch {
    return true;
  }
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "a");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
