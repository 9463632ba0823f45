#!/usr/bin/env node
// All that must hold, from a fresh clone: set-up, build, lint, types, import graph, dead code, tests, tfjs-core's own
// specs, faults, packages.
// Every step runs, whatever failed before; the last line is `N passed, N failed[, N skipped]`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { report } from "../tools/conformance/src/report.mjs";
import { setup } from "./setup.mjs";
import { pnpm, root, run } from "./tools.mjs";

const counts = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function check(name, status) {
  if (status === 0) counts.passed++;
  else {
    counts.failed++;
    failures.push(name);
  }
}

function step(name, action) {
  console.log(`\n=== ${name}`);
  const start = Date.now();
  action();
  console.log(`=== ${name}: ${((Date.now() - start) / 1000).toFixed(0)} s`);
}

/** What failed, by file and name, with the first lines of why: the end of the log must be enough to know. */
function failedTests({ testResults }) {
  const lines = (text) => {
    const own = text.split("\n").filter((line) => !line.includes("node_modules"));
    return own.slice(0, 12).join("\n    ");
  };
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.filter((test) => test.status === "failed");
    const file = relative(root, name);
    if (tests.length === 0) return status === "failed" ? [`${file}\n    ${lines(message)}`] : [];
    return tests.map((test) => `${file}: ${test.fullName}\n    ${lines(test.failureMessages.join("\n"))}`);
  });
}

function vitest() {
  const folder = mkdtempSync(join(tmpdir(), "simclr-test-"));
  const file = join(folder, "results.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const status = pnpm(["exec", "vitest", "run", "--config", "vitest.all.ts", ...reporters]);
  try {
    const results = JSON.parse(readFileSync(file, "utf8"));
    counts.passed += results.numPassedTests;
    counts.failed += results.numFailedTests;
    counts.skipped += results.numPendingTests + results.numTodoTests;
    if (status !== 0 && results.numFailedTests === 0) check("vitest (a file could not be run)", status);
    failures.push(...failedTests(results));
  } catch (error) {
    check(`vitest gave no results (${error.message})`, 1);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs tfjs-core's own specs on the native backend; each counts as a test. */
function conformance() {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["tools/conformance/bin.mjs", "--backend", "onednn", "--json"],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 28 },
  );
  try {
    const results = JSON.parse(stdout);
    console.log(report(results, results.seconds));
    counts.passed += results.totals.passed;
    counts.failed += results.totals.failed;
    counts.skipped += results.totals.skipped;
    if (status !== 0 && results.totals.failed === 0) check("conformance (see its problems)", status);
    for (const { family, file, name } of results.failures) failures.push(`conformance: [${family}] ${file}: ${name}`);
  } catch (error) {
    check(`conformance gave no results (${error.message})`, 1);
  }
}

const turbo = (task) => pnpm(["exec", "turbo", "run", task, "--output-logs=errors-only"]);
const start = Date.now();
step("set-up and build", () => {
  setup({ forTests: true });
  check("build", 0);
});
if (!process.env.SIMCLR_TEST_DATA)
  console.log("SIMCLR_TEST_DATA is not set: tests that need real images are skipped, and counted as skipped.");
step("lint", () => check("lint", pnpm(["exec", "biome", "check", "."])));
step("types", () => check("types", turbo("typecheck")));
step("import graph", () => check("import graph", run(process.execPath, ["scripts/check-graph.mjs"])));
step("dead code", () => check("dead code", pnpm(["exec", "knip"])));
step("tests", vitest);
step("conformance", conformance);
step("faults", () => check("faults", run(process.execPath, ["scripts/faults.mjs", "--short"])));
step("surface, sizes, dependencies", () => {
  check("API reports", run(process.execPath, ["scripts/check-api.mjs"]));
  check("sizes", run(process.execPath, ["scripts/check-sizes.mjs"]));
  check("dependencies", run(process.execPath, ["scripts/check-dependencies.mjs"]));
});
step("documentation", () => check("documentation", run(process.execPath, ["scripts/docs-site.mjs"])));
step("faults of ranks", () =>
  check("faults of ranks", run(process.execPath, ["scripts/faults.mjs", "--distributed", "--short"])),
);
step("packages", () => check("packages", turbo("check:package")));
step("examples of the READMEs", () =>
  check("examples of the READMEs", run(process.execPath, ["scripts/check-readmes.mjs"])),
);
step("tarballs", () => check("tarballs", run(process.execPath, ["scripts/check-tarballs.mjs"])));

console.log(`\nall of it took ${((Date.now() - start) / 60_000).toFixed(1)} minutes`);
for (const name of failures) console.log(`failed: ${name}`);
console.log(`${counts.passed} passed, ${counts.failed} failed${counts.skipped ? `, ${counts.skipped} skipped` : ""}`);
process.exit(counts.failed === 0 ? 0 : 1);
