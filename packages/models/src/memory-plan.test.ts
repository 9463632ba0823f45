import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { onednnMemory, type Precision, setPrecision } from "@simclr/backend-onednn";
import { Random } from "@simclr/core";
import { variableGradients } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { headParameters } from "./head-parameters.js";
import { planMemory, segmentsOf } from "./memory-plan.js";
import { parseModelName } from "./model-name.js";
import { type ResNetOptions, resNet } from "./res-net.js";
import { resNetCost } from "./res-net-cost.js";

const random = Random.fromSeed(3);
const BYTES = { float32: 4, bfloat16: 2 };

describe("resNetCost", () => {
  // Multiply-adds of the convolutions as torchvision's documentation counts them for 224 pixels, less the final dense layer.
  it.each([
    ["r50", 4089 - 2.048],
    ["r101", 7801 - 2.048],
    ["r152", 11514 - 2.048],
  ])("counts the millions of multiply-adds of %s that torchvision documents", (name, expected) => {
    const { multiplyAdds } = resNetCost(parseModelName(name), 224);
    expect(Math.abs(multiplyAdds / 1e6 - expected)).toBeLessThan(1);
  });

  it("adds ResNet-18's projection in group 1, which torchvision lacks", () => {
    const projection = (56 * 56 * 64 * 64) / 1e6;
    const { multiplyAdds } = resNetCost(parseModelName("r18"), 224);
    expect(Math.abs(multiplyAdds / 1e6 - (1814 - 0.512 + projection))).toBeLessThan(1);
  });

  it("gives the reference's shapes, layers and parameters, a part at a time", () => {
    const { parts, convolutions, batchNorms } = resNetCost(parseModelName("r152_3x_sk1"), 224);
    expect(parts.length).toBe(1 + 3 + 8 + 36 + 3);
    expect(parts[0]!.output).toEqual([56, 56, 192]);
    expect(parts.at(-1)!.output).toEqual([7, 7, 6144]);
    expect(parts.reduce((sum, { trainable }) => sum + trainable, 0)).toBe(794_704_160);
    expect([convolutions, batchNorms]).toEqual([257, 207]);
  });

  it("refuses an image that is too small", () => {
    expect(() => resNetCost({ depth: 50, stem: "imagenet" }, 16)).toThrow(
      "resNet: `imageSize` must be an integer >= 32; received 16. The imagenet stem reduces images 32 times.",
    );
  });
});

describe("headParameters", () => {
  it("is as published", () => {
    const count = (inputDimension: number, layers: number) =>
      headParameters({ inputDimension, layers, outputDimension: 128 });
    expect([count(512, 2), count(512, 3), count(2048, 3), count(6144, 3)]).toEqual([
      328_832, 592_000, 8_659_072, 76_308_608,
    ]);
    expect(count(512, 0)).toBe(0);
  });
});

describe("planMemory", () => {
  const architecture = { depth: 50, widthMultiplier: 0.25, stem: "cifar" } as const;

  it.each<[string, Partial<ResNetOptions>, Precision?]>([
    ["all", {}],
    ["selective kernels", { selectiveKernel: true }],
    ["the inputs of blocks", { checkpointing: "block" }],
    ["the inputs of groups", { checkpointing: "group" }],
    ["what is not frozen", { fineTuneAfter: 2 }],
    ["all, as bfloat16", {}, "bfloat16"],
  ])("knows within 5 %% what a forward pass keeps: %s", async (_, options, precision = "float32") => {
    await tf.setBackend("onednn");
    setPrecision(precision);
    onTestFinished(() => setPrecision("float32"));
    const rows = 2;
    const encoder = resNet({ ...architecture, ...options, random });
    const images = tf.randomUniform<tf.Rank.R4>([rows, 32, 32, 3], 0, 1, "float32", 1);
    let kept = 0;
    const variables = encoder.weights.filter(({ variable }) => variable.trainable).map(({ variable }) => variable);
    const { value, grads } = variableGradients(() => {
      const before = onednnMemory().usedBytes;
      const loss = tf.tidy(() => tf.sum<tf.Scalar>(tf.square(encoder.forward(images, { training: true }).pooled)));
      kept = onednnMemory().usedBytes - before;
      return loss;
    }, variables);
    tf.dispose([value, grads, images]);
    encoder.dispose();
    const { parts } = resNetCost({ ...architecture, ...options }, 32);
    const segments = segmentsOf(parts, options.checkpointing ?? "none", options.fineTuneAfter ?? -1);
    const bytes = BYTES[precision] * rows * segments.reduce((sum, segment) => sum + segment.kept, 0);
    expect(Math.abs(kept / bytes - 1), `${kept} bytes kept, ${bytes} predicted`).toBeLessThan(0.05);
  });

  it("counts weights, velocities and gradients exactly, and more rows as more activations", () => {
    const plan = (rows: number, checkpointing: "none" | "block" = "none") =>
      planMemory({ architecture: parseModelName("r50_1x"), imageSize: 224, rows, checkpointing });
    const { weights, optimizer } = plan(2);
    expect(weights).toBe(4 * (23_508_032 + 53_120));
    expect(optimizer).toBe(4 * 23_508_032);
    const withCopies = planMemory({
      ...{ architecture: parseModelName("r50_1x"), imageSize: 224, rows: 2 },
      ...{ program: 1000, hostCopies: 2 },
    });
    expect(withCopies.program).toBe(1000 + 2 * (weights + optimizer));
    const more = plan(16);
    const images = 4 * 16 * 224 * 224 * 3;
    const architecture = parseModelName("r50_1x");
    const inHalf = planMemory({ architecture, imageSize: 224, rows: 16, precision: "bfloat16" });
    expect(inHalf.activations - images).toBe((more.activations - images) / 2);
    expect([inHalf.weights, inHalf.optimizer]).toEqual([more.weights, more.optimizer]);
    expect(more.activations / plan(8).activations).toBeCloseTo(2, 1);
    expect(plan(16, "block").total).toBeLessThan(0.6 * more.total);
    const half = planMemory({ architecture: parseModelName("r50_1x"), imageSize: 224, rows: 16, fineTuneAfter: 4 });
    expect(half.optimizer).toBe(0);
    expect(half.total).toBeLessThan(0.3 * more.total);
  });
});
