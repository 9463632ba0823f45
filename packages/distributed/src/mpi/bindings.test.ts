import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { loadMpi } from "./bindings.js";

it("names the library, the package that has it, and the variable, where it is missing", () => {
  expect(() => loadMpi("libnosuchmpi.so.1")).toThrow(
    /Cannot load MPI \(tried libnosuchmpi\.so\.1: .*\)\. Install it, on Debian with `apt-get install -y openmpi-bin`, or name the library in SIMCLR_MPI_LIBRARY\./,
  );
});

it("names koffi, and how to install it, where it is missing", () => {
  const own = fileURLToPath(new URL("../../", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "simclr-no-koffi-"));
  try {
    // An installation of the package without its optional peer.
    const installed = join(folder, "node_modules/@simclr/distributed");
    cpSync(join(own, "dist"), join(installed, "dist"), { recursive: true });
    cpSync(join(own, "package.json"), join(installed, "package.json"));
    mkdirSync(join(folder, "node_modules/@tensorflow"));
    for (const name of ["@simclr/core", "@tensorflow/tfjs-core"])
      symlinkSync(realpathSync(join(own, "node_modules", name)), join(folder, "node_modules", name));
    const program = 'import { connect } from "@simclr/distributed/node"; connect({ engine: "mpi" });';
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      cwd: folder,
      env: { ...process.env, NODE_PATH: "" }, // package managers point it at their whole store
      encoding: "utf8",
    });
    expect(stderr).toContain("MPI needs the package koffi, which could not be loaded (Cannot find module 'koffi'");
    expect(stderr).toContain("Install it with `npm install koffi@3`.");
    expect(status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
