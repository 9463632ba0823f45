import { stat } from "node:fs/promises";
import { join } from "node:path";
import { RECORD, readRecord } from "./report-record.js";

/** A text that changes whenever the report of a run would: sizes and times of the files that it is made of. */
export async function runVersion(folder: string): Promise<string> {
  const record = await readRecord(folder).catch(() => undefined);
  const ofStages = (record?.stages ?? []).flatMap(({ folder }) =>
    ["metrics.jsonl", "evaluations.jsonl"].map((name) => join(folder, name)),
  );
  const files = [RECORD, ...ofStages];
  const found = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        ({ size, mtimeMs }) => `${size} ${mtimeMs}`,
        () => "none",
      ),
    ),
  );
  return found.join(", ");
}
