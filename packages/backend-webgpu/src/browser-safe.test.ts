import { fileURLToPath } from "node:url";
import { importsOf } from "@simclr/test-utils";
import { expect, it } from "vitest";

it("imports nothing of Node's, nor Dawn, so that browsers can load it", async () => {
  expect(await importsOf(fileURLToPath(new URL("./index.ts", import.meta.url)))).toEqual([
    "@simclr/core",
    "@tensorflow/tfjs-backend-webgpu",
    "@tensorflow/tfjs-core",
  ]);
});
