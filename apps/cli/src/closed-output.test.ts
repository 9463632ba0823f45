import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const BIN = fileURLToPath(new URL("../dist/bin.js", import.meta.url));
const shell = (line: string) => promisify(execFile)("bash", ["-o", "pipefail", "-c", line]);
const simclr = `"${process.execPath}" "${BIN}"`;

it("ends quietly when whoever reads its output has enough", async () => {
  const { stdout, stderr } = await shell(`${simclr} config schema | head -c 10`);
  expect(stdout).toHaveLength(10);
  expect(stderr).toBe("");
});

it("says that the disk is full", async () => {
  const failed = await shell(`${simclr} config schema > /dev/full`).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("no space left on device") });
});
