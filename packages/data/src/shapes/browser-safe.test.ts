import { fileURLToPath } from "node:url";
import { importsOf } from "@simclr/test-utils";
import { expect, it } from "vitest";

it("the entry of the shapes imports nothing of Node's", async () => {
  expect(await importsOf(fileURLToPath(new URL("./index.ts", import.meta.url)))).toEqual(["@simclr/core"]);
});
