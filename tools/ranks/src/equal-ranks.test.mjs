import { beforeAll, describe, expect, it, vi } from "vitest";
import { distances, mistakeDistance } from "./compare.mjs";
import { deviceMissing } from "./device.mjs";
import { hostsMissing, makeHosts } from "./hosts.mjs";
import { installedFamilies, steps } from "./launch.mjs";
import { MISTAKES } from "./mistakes.mjs";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const families = installedFamilies();
const tasks = ["simclr", "fine-tuning", "distillation"];
const all = { backend: "onednn", tasks, steps: 20 };
const pretraining = { ...all, tasks: ["simclr"] };

/** What one process makes, and what it makes with another number of threads. */
let alone;
let again;
beforeAll(async () => {
  alone = await steps(all, { ranks: 1, threads: 1 });
  again = await steps(all, { ranks: 1, threads: 2 });
});

function expectEqual(actual, expected, other) {
  for (const task of Object.keys(actual))
    for (const { part, distance, limit } of distances(actual[task], expected[task], other?.[task]))
      expect(distance, `${task}: ${part}`).toBeLessThan(limit);
}

// `npm run ranks -- --full` makes 20 steps of all of them, on cpu too.
describe.each(families)("%s", (family) => {
  it.each([
    [2, 20],
    [3, 5],
    [4, 5],
  ])("%d ranks make the first step and the weights of one process, after %d steps", async (ranks, count) => {
    expectEqual(await steps({ ...all, steps: count }, { ranks, family }), alone, again);
  });
});

describe.runIf(families.length > 0)("ranks", () => {
  it("do so on cpu", async () => {
    const settings = { backend: "cpu", tasks: ["simclr"], steps: 2 };
    const one = await steps(settings, { ranks: 1 });
    for (const ranks of [2, 3, 4]) expectEqual(await steps(settings, { ranks, family: families[0] }), one);
  });

  const noDevice = deviceMissing();
  if (noDevice) console.warn(`SKIPPED: ranks on webgpu: ${noDevice}`);

  it.skipIf(noDevice)("do so on webgpu, which reads tensors within a gradient", async () => {
    const settings = { backend: "webgpu", tasks: ["narrow simclr"], steps: 2 };
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
    expect(mistakeDistance(simclr, alone.simclr)).toMatchObject({ isSeen: true });
  });
});

const missing = hostsMissing();
if (missing) console.warn(`SKIPPED: several hosts: ${missing}`);

it.skipIf(missing)("three hosts over TCP make the first step and the weights of one process", async () => {
  const hosts = makeHosts(3);
  try {
    expectEqual(await steps(pretraining, { ranks: 3, hosts }), alone, again);
  } finally {
    hosts.remove();
  }
});
