import { relative } from "node:path";
import { writeRunReport } from "@simclr/pipeline";

export interface ReportCommandOptions {
  readonly output?: string;
}

/** `simclr report RUN` */
export async function reportCommand(run: string, { output }: ReportCommandOptions): Promise<void> {
  const file = await writeRunReport(run, output);
  process.stdout.write(`${relative(".", file) || file}\n`);
}
