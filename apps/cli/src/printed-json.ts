import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { OUTPUTS } from "./output-schemas/outputs.js";

const FOLDER = new URL("../../../docs/cli/schemas/", import.meta.url);

/**
 * Holds what a command printed with `--json` to the schema that the documentation publishes for it.
 *
 * @throws Error where there is no schema, or the output is something else than it says.
 */
export function checkPrintedJson(args: readonly string[], stdout: string): void {
  if (!args.includes("--json") || stdout === "") return;
  const name = Object.keys(OUTPUTS).find((each) => each.split(" ").every((word, i) => args[i] === word));
  if (name === undefined) throw new Error(`simclr ${args.join(" ")}: no schema in output-schemas/outputs.ts`);
  const { schema } = OUTPUTS[name]!.find(({ option }) => option === undefined || args.includes(option))!;
  const file = fileURLToPath(new URL(`${schema}.schema.json`, FOLDER));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  if (ajv.validate(JSON.parse(readFileSync(file, "utf8")), JSON.parse(stdout))) return;
  throw new Error(`simclr ${args.join(" ")}: the output is not as ${file} says: ${ajv.errorsText()}`);
}
