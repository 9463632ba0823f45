import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const hasTaskset = process.platform === "linux" && spawnSync("taskset", ["--version"]).status === 0;

it.runIf(hasTaskset)("is the default number of threads, held to the process's affinity", () => {
  const index = fileURLToPath(new URL("../dist/index.js", import.meta.url));
  const script = `import { onednnInfo } from ${JSON.stringify(index)}; console.log(onednnInfo().threads);`;
  const { SIMCLR_NUM_THREADS: _, ...env } = process.env;
  const command = ["-c", "0", process.execPath, "--input-type=module", "-e", script];
  expect(execFileSync("taskset", command, { encoding: "utf8", env }).trim()).toBe("1");
});
