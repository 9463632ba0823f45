import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chooseVulkanDriver } from "@simclr/test-utils/vulkan";
import { expect, it } from "vitest";

const command = fileURLToPath(new URL("../bin.mjs", import.meta.url));
const broken = fileURLToPath(new URL("./testing/broken-backends.mjs", import.meta.url));

// jasmine's environment is one per process, so every run has its own.
function run(script, ...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

it("fails on a kernel that gives Infinity for NaN, and names the spec", () => {
  const { status, stdout } = run(broken, "--backend", "broken-exp", "--family", "unary", "--json");
  const { failures, totals, problems } = JSON.parse(stdout);
  expect(failures.map(({ file, name }) => `${file}: ${name}`)).toEqual([
    "ops/exp_test.js: exp broken-exp {} exp propagates NaNs",
  ]);
  expect(failures[0].messages[0]).toContain("actual[1] = Infinity, expected[1] = NaN");
  expect(totals).toEqual({ files: 14, expected: 150, passed: 149, failed: 1, known: 0, skipped: 0 });
  expect(problems).toEqual([]);
  expect(status).toBe(1);
});

it("fails where the backend cannot be made, though another could stand in", () => {
  const { status, stdout } = run(broken, "--backend", "absent", "--family", "clip", "--json");
  const { failures, totals } = JSON.parse(stdout);
  expect(failures.at(-1).messages.join()).toContain("the backend absent could not be made");
  expect(totals.passed).toBe(0);
  expect(status).toBe(1);
});

it("passes on cpu, with the total as the last line", () => {
  const { status, stdout } = run(command, "--backend", "cpu", "--family", "unary,clip");
  expect(stdout).toMatch(/^unary +convnet +14 +150 +150 +0 +0$/m);
  expect(stdout).toMatch(/^clip +convnet +1 +15 +15 +0 +0$/m);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(
    /^cpu: 165 passed, 0 failed, 0 skipped of 165 specs in 15 files, [\d.]+ s$/,
  );
  expect(status).toBe(0);
});

const missing = chooseVulkanDriver();
if (missing !== undefined && process.env.REQUIRE_WEBGPU === "1") throw new Error(missing);

it.skipIf(missing !== undefined)(`runs on webgpu (${missing ?? "SwiftShader"})`, () => {
  const { status, stdout } = run(command, "--backend", "webgpu", "--family", "clip");
  expect(stdout).toMatch(/^webgpu: 15 passed, 0 failed, 0 skipped of 15 specs in 1 files, [\d.]+ s$/m);
  expect(status).toBe(0);
});

it("says which kernels of onednn ran on the host, and which of those also in the addon", () => {
  const { status, stdout } = run(command, "--family", "random,matmul", "--host-kernels");
  expect(stdout).toMatch(/^Multinomial +\d+$/m);
  expect(stdout).toMatch(/^BatchMatMul +\d+ {2}\d+ calls ran in the addon$/m);
  expect(stdout).not.toMatch(/^Reshape/m); // always in the addon
  expect(status).toBe(0);
});

it("refuses wrong usage with status 2", () => {
  const { status, stdout, stderr } = run(command, "--family", "conv");
  expect(stderr).toContain('conformance: there is no family "conv". There are: conv2d, depthwise, pooling, ');
  expect(stdout).toBe("");
  expect(status).toBe(2);
});
