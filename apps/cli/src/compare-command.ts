import { compareRuns, readRun } from "@simclr/pipeline";
import { comparisonTable } from "./tables.js";

export interface CompareCommandOptions {
  readonly json?: boolean;
}

/** `simclr compare RUN…` */
export async function compareCommand(
  folders: readonly string[],
  { json = false }: CompareCommandOptions,
): Promise<void> {
  const comparison = compareRuns(await Promise.all(folders.map(readRun)));
  process.stdout.write(json ? `${JSON.stringify(comparison, null, 2)}\n` : `${comparisonTable(comparison)}\n`);
}
