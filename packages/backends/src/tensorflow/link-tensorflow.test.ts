import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linkTensorflow } from "./link-tensorflow.js";
import { findPythonTensorflow } from "./python-tensorflow.js";

/** A Python that has TensorFlow's wheel for Linux; its 250 MB are nobody's to download for a test. */
const python = process.env.SIMCLR_TENSORFLOW_PYTHON;
const hasPython = spawnSync("python3", ["-c", ""]).status === 0;

let project = "";
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), "simclr-link-"));
});
afterAll(() => rmSync(project, { recursive: true }), 60_000);

describe("findPythonTensorflow", () => {
  it("says what to install or to name, where a Python does not run", () => {
    expect(() => findPythonTensorflow("no-python")).toThrow(
      /^The Python "no-python" does not run: .*ENOENT.*Name one that has TensorFlow with --python/,
    );
  });

  it.skipIf(!hasPython)("tells a Python without TensorFlow, and a TensorFlow without libraries (needs python3)", () => {
    const bare = join(project, "bare");
    const run = join(bare, "python");
    mkdirSync(join(bare, "site/tensorflow"), { recursive: true });
    writeFileSync(run, `#!/bin/sh\nexec python3 -S "$@"\n`, { mode: 0o755 });
    expect(() => findPythonTensorflow(run)).toThrow(
      /has no TensorFlow\. Install it with `.*python -m pip install "tensorflow\[and-cuda\]"`/,
    );
    writeFileSync(join(bare, "site/tensorflow/__init__.py"), "raise ImportError\n");
    writeFileSync(run, `#!/bin/sh\nPYTHONPATH=${join(bare, "site")} exec python3 -S "$@"\n`, { mode: 0o755 });
    expect(() => findPythonTensorflow(run)).toThrow(
      new RegExp(
        `has no ${join(bare, "site/tensorflow/include/tensorflow/c/eager/c_api\\.h")}\\. Expected a wheel of pip`,
      ),
    );
  });
});

describe("linkTensorflow", () => {
  it("says what to install where there is no tfjs-node", () => {
    expect(() => linkTensorflow({ python: "no-python" })).toThrow(
      "tfjs-node is not installed here. Install it, without the TensorFlow 2.9 that it would download: `npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0`.",
    );
  });

  it.skipIf(python === undefined)(
    "trains with the TensorFlow of pip (needs SIMCLR_TENSORFLOW_PYTHON, a Python that has it)",
    { timeout: 300_000 },
    () => {
      writeFileSync(join(project, "package.json"), '{ "name": "linked", "private": true, "type": "module" }');
      const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "@tensorflow/tfjs-node@4.22.0"];
      expect(spawnSync("npm", install, { cwd: project, stdio: "inherit" }).status).toBe(0);
      // One copy of tfjs-core, as in a project where all of it is installed together.
      const core = join(project, "node_modules/@tensorflow/tfjs-core");
      rmSync(core, { recursive: true });
      const own = createRequire(import.meta.url).resolve("@tensorflow/tfjs-core/package.json");
      symlinkSync(realpathSync(dirname(own)), core);

      const program = `
        import { linkTensorflow, useBackend } from ${JSON.stringify(new URL("../../dist/index.js", import.meta.url).href)};
        import * as tf from "@tensorflow/tfjs-core";
        const linked = linkTensorflow({ python: ${JSON.stringify(python)} });
        const { details } = await useBackend("tensorflow");
        const gradients = async (name, pad) => {
          await tf.setBackend(name);
          const x = tf.sin(tf.range(0, 2 * 7 * 6 * 3)).reshape([2, 7, 6, 3]);
          const w = tf.cos(tf.range(0, 3 * 3 * 3 * 4)).reshape([3, 3, 3, 4]);
          const loss = (x, w) => tf.sum(tf.square(tf.conv2d(x, w, 2, pad)));
          return Promise.all(tf.grads(loss)([x, w]).map(async (each) => Array.from(await each.data())));
        };
        await useBackend("cpu");
        const found = [];
        for (const pad of ["same", 1, [[0, 0], [0, 1], [2, 1], [0, 0]]]) {
          const [right, own] = [await gradients("cpu", pad), await gradients("tensorflow", pad)];
          for (const [i, each] of right.entries()) {
            const largest = Math.max(...each.map(Math.abs));
            found.push(Math.max(...each.map((value, j) => Math.abs(value - own[i][j]))) / largest);
          }
        }
        console.log(JSON.stringify({ linked, details, found }));`;
      writeFileSync(join(project, "train.mjs"), program);
      const { stdout, stderr, status } = spawnSync(process.execPath, ["train.mjs"], { cwd: project, encoding: "utf8" });
      expect(status, stderr).toBe(0);
      const { linked, details, found } = JSON.parse(stdout.trim().split("\n").at(-1)!);
      expect(linked.package).toBe("@tensorflow/tfjs-node");
      expect(details).toBe(
        `@tensorflow/tfjs-node on ${linked.usesGpu ? "a CUDA GPU" : "the CPU"}, TensorFlow ${linked.version}`,
      );
      expect(found).toHaveLength(6);
      expect(Math.max(...found)).toBeLessThan(1e-5);
    },
  );
});
