// docs/cli is made of the commands' definitions and of the schemas of what they print; `npm run docs:cli` writes it.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { commandIndex, commandPage, commandsOf, exampleOf, pageFile, takesJson } from "./command-page.js";
import { OUTPUTS, outputSchema, SCHEMA_NAMES } from "./output-schemas/outputs.js";
import { simclrProgram } from "./program.js";

const FOLDER = fileURLToPath(new URL("../../../docs/cli/", import.meta.url));
const commands = () => commandsOf(simclrProgram(() => {}));

describe("docs/cli", () => {
  it("has a page for each command, as it is defined", async () => {
    const all = commands();
    for (const named of all) await expect(`${commandPage(named)}\n`).toMatchFileSnapshot(FOLDER + pageFile(named));
    await expect(`${commandIndex(all)}\n`).toMatchFileSnapshot(`${FOLDER}README.md`);
    const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));
    expect(pages.filter((name) => ![...all.map(pageFile), "README.md"].includes(name))).toEqual([]);
  });

  it("has the schema of everything that a command prints with --json", async () => {
    for (const name of SCHEMA_NAMES)
      await expect(`${JSON.stringify(outputSchema(name), null, 2)}\n`).toMatchFileSnapshot(
        `${FOLDER}schemas/${name}.schema.json`,
      );
    const withJson = commands().filter(({ command }) => takesJson(command));
    expect(Object.keys(OUTPUTS).sort()).toEqual(withJson.map(({ name }) => name).sort());
    const used = Object.values(OUTPUTS).flatMap((outputs) => outputs.map(({ schema }) => schema));
    expect([...new Set(used)].sort()).toEqual([...SCHEMA_NAMES].sort());
  });

  it("shows examples that the commands take", async () => {
    for (const { name } of commands()) {
      const program = simclrProgram(() => {});
      const named = commandsOf(program).find((one) => one.name === name)!;
      let ran: string[] = [];
      for (const one of commandsOf(program))
        one.command.action(() => {
          ran = [...ran, one.name];
        });
      for (const line of exampleOf(named).matchAll(/^simclr (.*)$/gm)) {
        const [typed] = line[1]!.split(" > ");
        const error = await program.parseAsync(typed!.split(" "), { from: "user" }).then(
          () => undefined,
          (reason: unknown) => (reason instanceof CommanderError ? reason.message : reason),
        );
        expect(error, line[0]).toBeUndefined();
      }
      expect(ran, `the example of ${name}`).toContain(name);
    }
  });
});
