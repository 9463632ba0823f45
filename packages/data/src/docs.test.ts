// The example of docs/data.md, as it stands there.
import { readFileSync } from "node:fs";
import * as data from "@simclr/data";
import { expect, it } from "vitest";

it("the data set that docs/data.md defines does what its comment says", async () => {
  const page = readFileSync(new URL("../../../docs/data.md", import.meta.url), "utf8");
  const example = page
    .split("```ts\n")
    .find((block) => block.includes("defineDataset({"))!
    .split("```")[0]!;
  const [line, names] = /^import \{(.*)\} from "@simclr\/data";$/m.exec(example)!;
  const said = /\/\/ (\d+ labelled.*)$/m.exec(example)![1];
  const lines: string[] = [];
  const body = `return (async () => {${example.replace(line, "")}})()`;
  await new Function("data", "console", `const {${names}} = data; ${body}`)(data, {
    log: (text: string) => lines.push(text),
  });
  expect(lines).toEqual([said]);
});
