import { beforeAll, describe, expect, it, vi } from "vitest";
import { hostsMissing, makeHosts } from "./hosts.mjs";
import { difference, installedFamilies, steps } from "./launch.mjs";
import { MISTAKES } from "./mistakes.mjs";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const families = installedFamilies();
const tasks = ["simclr", "fine-tuning", "distillation"];
const all = { backend: "onednn", tasks, steps: 20 };

/** What one process makes, and how far it is from itself with another number of threads, in the weights. */
let alone;
const noise = {};
beforeAll(async () => {
  alone = await steps(all, { ranks: 1, threads: 1 });
  const again = await steps(all, { ranks: 1, threads: 2 });
  for (const task of tasks) noise[task] = difference(again[task].weights, alone[task].weights);
});

/** The first step to float32's rounding; the weights, where rounding adds up, within thrice a process's distance from itself. */
function expectEqual(actual, expected, noiseOf = noise) {
  for (const task of Object.keys(actual)) {
    const { loss, gradients, statistics, weights } = expected[task];
    expect(difference(actual[task].loss, loss), `${task}: loss`).toBeLessThan(1e-5);
    expect(difference(actual[task].gradients, gradients), `${task}: gradients`).toBeLessThan(1e-5);
    expect(difference(actual[task].statistics, statistics), `${task}: statistics`).toBeLessThan(1e-5);
    const limit = Math.min(1e-3, Math.max(3 * (noiseOf[task] ?? 0), 1e-5));
    expect(difference(actual[task].weights, weights), `${task}: weights after ${all.steps} steps`).toBeLessThan(limit);
  }
}

const pretraining = { ...all, tasks: ["simclr"] };

describe.each(families)("%s", (family) => {
  it.each([
    [2, all],
    [3, pretraining],
    [4, pretraining],
  ])("%d ranks make the first step and the weights of one process, on onednn", async (ranks, settings) => {
    expectEqual(await steps(settings, { ranks, family }), alone);
  });
});

describe.runIf(families.length > 0)("two ranks", () => {
  it("do so on cpu", async () => {
    const settings = { backend: "cpu", tasks: ["simclr"], steps: 3 };
    const one = await steps(settings, { ranks: 1 });
    expectEqual(await steps(settings, { ranks: 2, family: families[0] }), one);
  });

  it("do so when the batch goes through the network in parts", async () => {
    const settings = { backend: "onednn", tasks: ["simclr in parts"], steps: 3 };
    const one = await steps({ ...settings, inPartsOf: 2 }, { ranks: 1 });
    const two = await steps(settings, { ranks: 2, family: families[0] });
    expectEqual(two, one);
  });

  it.each(Object.keys(MISTAKES))("show a planted mistake in the first step: %s", async (mistake) => {
    const settings = { backend: "onednn", tasks: ["simclr"], steps: 1, mistake };
    const { simclr } = await steps(settings, { ranks: 2, family: families[0] });
    const parts = ["loss", "gradients", "statistics"];
    const worst = Math.max(...parts.map((part) => difference(simclr[part], alone.simclr[part])));
    expect(worst).toBeGreaterThan(1e-2);
  });
});

const missing = hostsMissing();
if (missing) console.warn(`SKIPPED: several hosts: ${missing}`);

it.skipIf(missing)("three hosts over TCP make the first step and the weights of one process", async () => {
  const hosts = makeHosts(3);
  try {
    expectEqual(await steps(pretraining, { ranks: 3, hosts }), alone);
  } finally {
    hosts.remove();
  }
});
