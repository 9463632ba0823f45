import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { CheckpointError } from "@simclr/core";
import { writeFileAtomic } from "@simclr/trainer/node";
import { programVersion } from "../version.js";

/** Grows whenever an older program could not go on with a folder, or would misread it. */
const FORMAT = 1;
const NAME = "run.json";

/**
 * Notes in a new run folder which version writes it; folders without the note are of the first format.
 *
 * @throws CheckpointError if a version with another format wrote the folder.
 */
export async function checkFormat(folder: string): Promise<void> {
  const file = join(folder, NAME);
  if (existsSync(file)) {
    const { formatVersion, version } = await readNote(file);
    if (formatVersion === FORMAT) return;
    throw new CheckpointError(
      `${folder} was written by simclr ${version}, in format ${formatVersion} of run folders; simclr ${programVersion()} has format ${FORMAT}. ` +
        `Go on with simclr ${version}, choose another folder with --output, or start anew with --fresh, which moves the old folder aside.`,
      { subject: folder, expected: `format ${FORMAT}`, received: `format ${formatVersion}` },
    );
  }
  await writeFileAtomic(file, `${JSON.stringify({ formatVersion: FORMAT, version: programVersion() })}\n`);
}

async function readNote(file: string): Promise<{ formatVersion: unknown; version: unknown }> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as { formatVersion: unknown; version: unknown };
  } catch (cause) {
    throw new CheckpointError(
      `${file} is damaged (${(cause as Error).message}). Choose another folder with --output, or start anew with --fresh.`,
      { subject: file, cause },
    );
  }
}
