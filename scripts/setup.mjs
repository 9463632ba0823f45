#!/usr/bin/env node
// Fresh clone -> everything installed and built, with nothing but Node, npm and Debian on the machine.
//   npm run setup
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { installDebianPackages, pnpm, root, run } from "./tools.mjs";

/** Installs and builds; exits the process with a message where a step fails. */
export function setup({ forTests = false } = {}) {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`needs Node 20.19 or newer; this is ${process.versions.node}`);
  if (process.env.SIMCLR_NATIVE !== "skip" && !installDebianPackages({ forTests }))
    fail(
      "the native backend cannot be built without these packages (SIMCLR_NATIVE=skip goes on without it, very slowly)",
    );
  if (existsSync(`${root}/.git`) && !process.env.CI) run("git", ["config", "core.hooksPath", ".githooks"]);
  if (pnpm(["install", "--frozen-lockfile"]) !== 0) fail("pnpm install failed");
  const native = { ...process.env, SIMCLR_NATIVE: process.env.SIMCLR_NATIVE ?? "required" };
  const turbo = ["exec", "turbo", "run", "build", "build:native", "--output-logs=errors-only"];
  if (pnpm(turbo, { env: native }) !== 0) fail("the build failed; its messages are above");
}

function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
