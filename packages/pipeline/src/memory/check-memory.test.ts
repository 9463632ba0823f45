import { isSimclrError } from "@simclr/core";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/load.js";
import { availableMemory } from "./available-memory.js";
import { checkMemory, predictMemory } from "./check-memory.js";

const config = (model: string, batchSize = 64, set: readonly string[] = []) =>
  parseConfig(
    `name: big
data: { train: images, test: images, imageSize: 224 }
model: ${model}
pretrain: { batchSize: ${batchSize}, epochs: 2, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 10 }]
finetune: { batchSize: 64, steps: 10, optimizer: { learningRate: 0.05 }, fineTuneAfter: 4 }
`,
    "big.yaml",
    { set },
  );

function messageOf(model: string, available: number, batchSize?: number): string {
  try {
    checkMemory(config(model, batchSize), available);
  } catch (error) {
    expect(isSimclrError(error)).toBe(true);
    return (error as Error).message;
  }
  return "accepted";
}

describe("checkMemory", () => {
  it("refuses what will not fit, with predicted, available, and the least change that helps", () => {
    const plain = predictMemory(config("{ depth: 50 }"))[0]!.plan.total;
    const saving = predictMemory(config("{ depth: 50, checkpointing: block }"))[0]!.plan.total;
    expect(saving).toBeLessThan(0.6 * plain);
    expect(messageOf("{ depth: 50 }", plain)).toBe("accepted");
    expect(messageOf("{ depth: 50 }", plain - 1)).toMatch(
      /^pretrain needs about [\d.]+ GB of memory \(weights [\d.]+ GB, optimizer .*\), but [\d.]+ GB are available\. Set model\.checkpointing to block\. To try all the same, set memory\.check to false\.$/,
    );
    expect(messageOf("{ depth: 50 }", saving - 1)).toContain(
      "Set model.checkpointing to block and the batch size of pretrain to 32.",
    );
    expect(messageOf("{ depth: 50, checkpointing: block }", saving - 1)).toContain(
      "Set the batch size of pretrain to 32.",
    );
    expect(messageOf("{ depth: 152, width: 3, selectiveKernel: true }", 8e9, 2)).toContain(
      "no batch size is small enough",
    );
  });

  it("counts fine-tuning above a frozen encoder without its gradients", () => {
    const [, finetune] = predictMemory(config("{ depth: 50 }"));
    expect(finetune!.stage).toBe("finetune");
    expect(finetune!.plan.optimizer).toBe(4 * 8_659_072); // of the head alone
  });

  it("counts two moments of AdamW, and a moving average, for each weight that is trained", () => {
    const optimizerOf = (...set: string[]) => predictMemory(config("{ depth: 50 }", 64, set))[0]!.plan.optimizer;
    expect(optimizerOf("pretrain.optimizer.name=adamw")).toBe(2 * optimizerOf());
    expect(optimizerOf("pretrain.optimizer.name=adamw", "pretrain.averageDecay=0.99")).toBe(3 * optimizerOf());
  });

  it("knows what the machine can give", () => {
    expect(availableMemory()).toBeGreaterThan(1e8);
    expect(availableMemory()).toBeLessThan(1e14);
  });
});
