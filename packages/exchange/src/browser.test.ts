import "@simclr/ops/register";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { classifier, resNet } from "@simclr/models";
import { expectCloseToLargest, pseudo } from "@simclr/test-utils";
import { CHROMIUM, openBrowser } from "@simclr/test-utils/browser";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { encodeTfjsModel } from "./export/tfjs/encode-tfjs-model.js";
import { modelOutputs } from "./export/trace/trace-model.js";
import { model } from "./model/model.js";

const require = createRequire(import.meta.url);
const SCRIPTS = [
  join(require.resolve("@tensorflow/tfjs-core/package.json"), "../dist/tf-core.min.js"),
  join(require.resolve("@tensorflow/tfjs-backend-cpu/package.json"), "../dist/tf-backend-cpu.min.js"),
  join(require.resolve("@tensorflow/tfjs-backend-webgl/package.json"), "../dist/tf-backend-webgl.min.js"),
  join(require.resolve("@tensorflow/tfjs-converter/package.json"), "../dist/tf-converter.min.js"),
];

/** Runs in the page: loads the graph model from what the page carries, and runs it on webgl. */
const RUN = `
const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
(async () => {
  let answer;
  try {
    await tf.setBackend("webgl");
    const { weightsManifest, ...json } = JSON.parse(new TextDecoder().decode(bytes(files["model.json"])));
    const weightData = weightsManifest[0].paths.map((path) => bytes(files[path]).buffer);
    const load = () => ({ ...json, weightSpecs: weightsManifest[0].weights, weightData });
    const graph = await tf.loadGraphModel({ load });
    const images = tf.tensor4d(new Float32Array(bytes(input).buffer), shape);
    const { logits } = graph.predict({ images });
    answer = { backend: tf.getBackend(), logits: Array.from(await logits.data()) };
  } catch (error) {
    answer = { error: String(error) };
  }
  document.body.innerHTML = "<pre></pre>";
  document.querySelector("pre").textContent = JSON.stringify(answer);
})();`;

describe.skipIf(CHROMIUM === undefined)("in a browser (needs Chromium in /usr/bin)", () => {
  it("a tfjs export of ResNet-50 with selective kernels answers on webgl as the model does", async () => {
    await tf.setBackend("cpu");
    const encoder = resNet({
      depth: 50,
      selectiveKernel: true,
      widthMultiplier: 1 / 8,
      imageSize: 64,
      random: "zeros",
    });
    const made = model({
      encoder,
      classifier: classifier({ inputDimension: encoder.featureDimension, classCount: 7, random: "zeros" }),
      preprocessing: { imageSize: 64, cropFraction: 1, resize: "tf1-bicubic" },
    });
    for (const { name, variable } of made.weights) {
      const field = name.slice(name.lastIndexOf("/") + 1);
      const scale = field === "kernel" ? Math.sqrt((3 * variable.shape.at(-1)!) / variable.size) : 0.5;
      const offset = field === "gamma" || field === "movingVariance" ? 1 : 0;
      const values = Float32Array.from(pseudo(name, variable.size), (u) => offset + scale * u);
      tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
    }
    const shape: [number, number, number, number] = [2, 64, 64, 3];
    const images = Float32Array.from(pseudo("images", 2 * 64 * 64 * 3), (u) => (u + 1) / 2);
    const expected = tf.tidy(() => modelOutputs(made, tf.tensor4d(images, shape)).logits!.dataSync());
    const files = Object.entries(await encodeTfjsModel(made)).map(([name, bytes]) => [name, base64(bytes)]);
    made.dispose();

    const folder = await mkdtemp(join(tmpdir(), "simclr-exchange-"));
    const browser = await openBrowser("webgl");
    try {
      const file = join(folder, "page.html");
      const data = `const files = ${JSON.stringify(Object.fromEntries(files))}, input = "${base64(images)}", shape = [${shape}];`;
      const scripts = SCRIPTS.map((path) => `<script src="file://${path}"></script>`).join("");
      await writeFile(file, `<!doctype html><meta charset="utf-8">${scripts}<body><script>${data}${RUN}</script>`);
      const page = await browser.newPage();
      await page.goto(pathToFileURL(file).href, { waitUntil: "commit" }); // its script computes before it has loaded
      const answer = JSON.parse((await page.locator("pre").textContent({ timeout: 100_000 }))!);
      expect(answer.error).toBeUndefined();
      expect(answer.backend).toBe("webgl");
      expectCloseToLargest(Float32Array.from(answer.logits), expected, 1e-3);
    } finally {
      await browser.close();
      await rm(folder, { recursive: true });
    }
  }, 120_000);
});

const base64 = (values: Uint8Array | Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
