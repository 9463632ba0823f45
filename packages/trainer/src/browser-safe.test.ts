import { fileURLToPath } from "node:url";
import { importsOf } from "@simclr/test-utils";
import { expect, it } from "vitest";

it("the main entry imports nothing of Node's, the node entry does", async () => {
  const entry = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  expect(await importsOf(entry("./index.ts"))).toEqual(["@simclr/core", "@simclr/optim", "@tensorflow/tfjs-core"]);
  expect(await importsOf(entry("./node.ts"))).toContain("node:fs/promises");
});
