import "@simclr/backend-onednn/register";
import "@simclr/ops/register";
import { cifar } from "@simclr/augment";
import { type NamedArrays, readWeights } from "@simclr/core";
import { ntXentLoss } from "@simclr/losses";
import { momentumSgd } from "@simclr/optim";
import { expectClose, expectCloseToLargest } from "@simclr/test-utils";
import { type TrainerHook, type TrainingState, train } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { batch, context, network, random, SIDE } from "../test/tiny.js";
import { batchParts, drawViews } from "./batch-parts.js";
import { defineMethod, type Method } from "./define-method.js";
import { weightGradients } from "./gradients.js";
import { type MethodTask, methodTask } from "./method-task.js";
import { type MethodName, methods } from "./methods.js";
import { momentumAt } from "./momentum-schedule.js";
import { project } from "./project.js";

const OPTIONS: Partial<Record<MethodName, object>> = {
  "simclr-v2": { queueSize: 64, momentum: 0.9 },
  "moco-v2": { queueSize: 64, momentum: 0.9 },
  byol: { momentum: 0.9 },
  swav: { prototypes: 6, smallSize: SIDE },
};

/** A task with a network of its own. */
function make(name: MethodName, options = OPTIONS[name]): MethodTask {
  const method: Method = methods[name];
  const net = network({ outputNorm: method.outputNorm });
  const task = methodTask({ method, options, ...net, recipe: cifar({ size: SIDE }), random });
  const dispose = (): void => {
    task.dispose();
    net.dispose();
  };
  return { ...task, dispose };
}

/** Trains on batches of their own for each step; stops after `stopAfter` steps, or goes on from a state. */
async function trainTask(
  name: MethodName,
  { stopAfter = Infinity, resumeFrom = undefined as TrainingState | undefined },
) {
  const task = make(name);
  const optimizer = momentumSgd({ momentum: 0.9 });
  const losses: number[] = [];
  let state: TrainingState | undefined;
  const hook: TrainerHook = {
    name: "test",
    stepEnd(run, { loss }) {
      losses.push(loss);
      if (run.step === stopAfter) run.requestStop("enough");
    },
    async checkpoint(run) {
      state = await run.captureState();
    },
  };
  await train({
    task,
    optimizer,
    schedule: { totalSteps: 6, learningRateAt: () => 0.05 },
    source: {
      stepsPerEpoch: 3,
      async *epoch(epoch, startStep) {
        for (let i = startStep; i < 3; i++) yield batch(8, 3 * epoch + i);
      },
    },
    random,
    hooks: [hook],
    resumeFrom,
  });
  optimizer.dispose();
  task.dispose();
  return { losses, state: state! };
}

describe("methods", () => {
  beforeAll(() => tf.setBackend("onednn"));

  it.each(Object.keys(methods) as MethodName[])("%s learns one batch, without leaving tensors", async (name) => {
    // Keys of the same images fill the queue: a large one still holds random directions at the end.
    const task = make(name, name.endsWith("-v2") ? { ...OPTIONS[name], queueSize: 2048 } : OPTIONS[name]);
    const before = await readWeights(task.state);
    const optimizer = momentumSgd({ momentum: 0.9 });
    const losses: number[] = [];
    const counts = new Set<number>();
    for (let step = 0; step < 12; step++) {
      const result = await task.step(batch(12), context(step));
      if (step === 0) expect(await readWeights(task.state)).toEqual(before);
      expect(Object.keys(result.gradients).sort()).toEqual(task.weights.map((weight) => weight.name).sort());
      optimizer.apply(task.weights, result.gradients, name === "vicreg" ? 0.002 : 0.02);
      result.commit?.();
      losses.push((await result.loss.data())[0]!);
      tf.dispose([result.loss, result.gradients, result.metrics as Record<string, tf.Tensor>]);
      counts.add(tf.memory().numTensors);
    }
    expect(counts.size).toBe(1);
    const mean = (part: readonly number[]): number => part.reduce((sum, loss) => sum + loss / part.length, 0);
    expect(mean(losses.slice(-4))).toBeLessThan(mean(losses.slice(0, 4)));
    optimizer.dispose();
    task.dispose();
  });

  it.each(["byol", "simclr-v2", "moco-v2", "swav"] as const)(
    "%s resumed in mid-run makes the losses and the state of the run that never stopped, bit for bit",
    async (name) => {
      const whole = await trainTask(name, {});
      const first = await trainTask(name, { stopAfter: 2 });
      const second = await trainTask(name, { resumeFrom: first.state });
      expect([...first.losses, ...second.losses]).toEqual(whole.losses);
      expect(second.state).toEqual(whole.state);
      expect(new Set(whole.losses).size).toBe(6);
    },
  );

  it("a momentum network and its queue follow as the papers say", async () => {
    const task = make("simclr-v2");
    const start = await readWeights(task.state);
    const result = await task.step(batch(8), context(0));
    const kernel = task.weights[0]!;
    kernel.variable.assign(tf.ones(kernel.variable.shape)); // stands for an update
    result.commit?.();
    const state = await readWeights(task.state);
    const [before, after] = [start, state].map((arrays: NamedArrays) => arrays[`momentum/${kernel.name}`]!.data);
    expectClose(
      after!,
      before!.map((value) => 0.9 * value + 0.1),
      { atol: 1e-6 },
    );
    // 64 places: the 48 newest random keys move to the front, 16 of this step follow.
    expect(state.queue!.data.subarray(0, 48 * 16)).toEqual(start.queue!.data.subarray(16 * 16));
    const keys = tf.tensor2d(state.queue!.data.slice(48 * 16), [16, 16]);
    expectClose(tf.norm(keys, 2, 1), new Float32Array(16).fill(1), { atol: 1e-5 });
    tf.dispose([result.loss, result.gradients, result.metrics as Record<string, tf.Tensor>, keys]);
    task.dispose();
  });

  it("BYOL's momentum goes from its start to 1 along half a cosine", () => {
    const at = (step: number): number => momentumAt(0.96, { step, epoch: 0, totalSteps: 4 });
    expectClose(
      [0, 1, 2, 3, 4].map(at),
      [0.96, 1 - 0.02 * (1 + Math.SQRT1_2), 0.98, 1 - 0.02 * (1 - Math.SQRT1_2), 1],
      {
        atol: 1e-12,
      },
    );
  });

  it("SwAV sees two views of the recipe, and small ones that only differ in their crop", () => {
    const recipe = cifar({ size: 32 });
    const built = methods.swav.build({ ...network(), random }, { smallViews: 3, smallArea: [0.1, 0.3] });
    const views = built.views(recipe);
    expect(views).toHaveLength(5);
    expect(views.slice(0, 2)).toEqual([recipe, recipe]);
    for (const view of views.slice(2)) {
      expect(view[0]!.crop).toMatchObject({ size: 16, area: [0.1, 0.3], sampler: "torchvision" });
      expect(view.slice(1)).toEqual(recipe.slice(1));
    }
  });

  it("take the loss of all ranks' rows where they can be gathered, with the whole batch's gradient", async () => {
    // What the other rank has: its rows stand after our own, as `gatherRows` joins them.
    const net = network();
    const parts = batchParts(batch(8), 4);
    const task = methodTask({ method: methods.simclr, ...net, recipe: [], random, gather: (rows) => gather(rows) });
    const views = parts.map((part) => drawViews(part, task.views, context(0)));
    const others = project(net, views[1]!, { training: true });
    let calls = 0;
    const gather = (rows: tf.Tensor2D): tf.Tensor2D => tf.concat2d([rows, others[calls++ % 2]!], 0);
    // Without blocking collectives batch norm stays the rank's own, as in the expected value.
    const communicator = { ...context(0).communicator, rank: 0, size: 2, blocking: undefined };
    const { loss, gradients, discard } = await task.step(parts[0]!, { ...context(0), communicator });
    discard?.();
    const expected = weightGradients(() => {
      const own = project(net, views[0]!, { training: true });
      return ntXentLoss(tf.concat2d([own[0]!, others[0]!], 0), tf.concat2d([own[1]!, others[1]!], 0));
    }, task.weights);
    expectClose(loss, expected.loss, { rtol: 1e-6 });
    for (const [name, gradient] of Object.entries(expected.gradients))
      expectCloseToLargest(gradients[name]!, gradient, 1e-5);
    net.dispose();
  });

  it("refuse several ranks without a way to gather their projections", async () => {
    const task = make("simclr");
    const communicator = { ...context(0).communicator, rank: 0, size: 2 };
    await expect(task.step(batch(4), { ...context(0), communicator })).rejects.toThrow(
      'method "simclr": on 2 ranks, whose losses need the projections of all, expected `gather`; received none. Pass `gatherRows` of',
    );
    task.dispose();
  });
});

describe("defineMethod", () => {
  beforeAll(() => tf.setBackend("onednn"));

  const alignment = defineMethod({
    name: "alignment",
    options: z.object({ power: z.number().positive().default(2) }),
    build: () => ({}),
    step: (net, { power }) => ({
      encode: (views, pass) => ({ projections: project(net, views, pass) }),
      loss: ({ rows: [z1, z2] }) => tf.mean<tf.Scalar>(tf.pow(tf.abs(tf.sub(z1!, z2!)), power)),
    }),
  });

  it("takes methods of one's own", async () => {
    const net = network();
    const task = methodTask({ method: alignment, options: { power: 1 }, ...net, recipe: [], random });
    const { loss, metrics, discard } = await task.step(batch(4), context(0));
    expectClose(loss, 0, { atol: 1e-5 }); // without augmentation both views are alike
    expect(Object.keys(metrics)).toEqual(["projectionDeviation"]);
    discard?.();
    net.dispose();
  });

  it("says what is wrong with a definition and with options", () => {
    const definition = { name: "My Method", options: z.object({}), build: () => ({}), step: () => never() };
    expect(() => defineMethod(definition)).toThrow(
      'defineMethod: `name` must be lower-case letters, digits and "-"; received "My Method". Correct the definition.',
    );
    const net = network();
    const build = (options: object) => (methods.byol as Method).build({ ...net, random }, options);
    expect(() => build({ momentum: 1.5, taus: 1 })).toThrow(
      /^method "byol": .*`momentum`: Too big.*Its options are momentum, predictorDimension; correct or remove what does not fit\.$/,
    );
    expect(() => build({ taus: 1 })).toThrow(/Unrecognized key: "taus"/);
    net.dispose();
  });
});

function never(): never {
  throw new Error("not called");
}
