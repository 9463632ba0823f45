import { definitionMark, InvalidArgumentError, Random, TrainingError } from "@simclr/core";
import { constant, momentumSgd } from "@simclr/optim";
import { describe, expect, it } from "vitest";
import { logisticRegression, pointSource } from "../test/logistic-regression.js";
import { defineHook, type TrainerHook, type TrainingReport, type TrainingRun } from "./hooks.js";
import { train } from "./train.js";

async function run(
  hooks: readonly TrainerHook[],
  {
    totalSteps = 6,
    signal,
    evaluateEvery = 0,
  }: { totalSteps?: number; signal?: AbortSignal | undefined; evaluateEvery?: number } = {},
): Promise<TrainingReport> {
  const random = Random.fromSeed(3);
  const task = logisticRegression(random);
  const optimizer = momentumSgd();
  const source = pointSource(random, { count: 32, batchSize: 8 }); // 4 steps an epoch
  try {
    const schedule = constant(0.1, totalSteps);
    return await train({ task, optimizer, schedule, source, random, hooks, signal, evaluateEvery });
  } finally {
    optimizer.dispose();
    task.dispose();
  }
}

describe("hooks", () => {
  it("are awaited one after another, in order, at every event", async () => {
    const log: string[] = [];
    const logger = (name: string): TrainerHook => {
      const note = (event: string) => async () => {
        await Promise.resolve();
        log.push(`${name} ${event}`);
      };
      return defineHook({
        name,
        trainStart: note("trainStart"),
        epochStart: note("epochStart"),
        stepStart: note("stepStart"),
        stepEnd: note("stepEnd"),
        epochEnd: note("epochEnd"),
        evaluate: note("evaluate"),
        checkpoint: note("checkpoint"),
        interrupted: note("interrupted"),
        trainEnd: note("trainEnd"),
        error: note("error"),
      });
    };
    await run([logger("a"), logger("b")], { totalSteps: 5, evaluateEvery: 2 });
    const step = ["stepStart", "stepEnd"];
    const expected = [
      "trainStart",
      "epochStart",
      ...step,
      ...step,
      "evaluate",
      ...step,
      ...step,
      "epochEnd",
      "evaluate",
      "epochStart",
      ...step,
      "evaluate", // at the end, as the last one is a step old
      "checkpoint",
      "trainEnd",
    ];
    expect(log).toEqual(expected.flatMap((event) => [`a ${event}`, `b ${event}`]));
  });

  it("see what hooks before them measured, and the mean loss of an epoch", async () => {
    const losses: number[] = [];
    const seen: unknown[] = [];
    await run([
      {
        name: "meter",
        stepEnd: (_, { metrics, loss, step }) => {
          metrics.temperature = 20 + step;
          losses.push(loss);
        },
      },
      {
        name: "reader",
        stepEnd: (_, { metrics }) => void seen.push(metrics.temperature),
        epochEnd: (_, { epoch, step, steps, meanLoss }) => {
          const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
          expect({ epoch, step, steps, meanLoss }).toEqual({ epoch: 0, step: 3, steps: 4, meanLoss: mean });
        },
      },
    ]);
    expect(seen).toEqual([20, 21, 22, 23, 24, 25]);
  });

  it("may ask for checkpoints and for an early end", async () => {
    const log: string[] = [];
    const report = await run([
      {
        name: "best",
        stepEnd: (run) => {
          if (run.step === 2) run.requestCheckpoint("best so far");
          if (run.step === 3) run.requestStop("good enough");
        },
        checkpoint: (_, { step, reason }) => void log.push(`${step}: ${reason}`),
        interrupted: (_, { reason }) => void log.push(`interrupted: ${reason}`),
      },
    ]);
    expect(log).toEqual(["2: best so far", "3: good enough", "interrupted: good enough"]);
    expect(report).toMatchObject({ step: 3, interrupted: true, reason: "good enough" });
  });

  it("are not asked for a second checkpoint of the same step at the end", async () => {
    const steps: number[] = [];
    const every2: TrainerHook = {
      name: "every2",
      stepEnd(run) {
        if (run.step % 2 === 0) run.requestCheckpoint("every 2");
      },
      checkpoint: (_, { step }) => void steps.push(step),
    };
    await run([every2]);
    expect(steps).toEqual([2, 4, 6]);
  });

  it("make no step when the signal was aborted before", async () => {
    const report = await run([], { signal: AbortSignal.abort(new Error("shutting down")) });
    expect(report).toMatchObject({ step: 0, interrupted: true, reason: "shutting down" });
  });

  it("hear of an error, all of them, and the error names hook and event", async () => {
    const heard: string[] = [];
    const listener = (name: string): TrainerHook => ({
      name,
      error: (_, e) => void heard.push(`${name}: ${(e as Error).message}`),
    });
    const cause = new RangeError("disk full");
    const thrower: TrainerHook = { name: "writer", epochEnd: () => Promise.reject(cause) };
    const error: unknown = await run([listener("a"), thrower, listener("b")]).catch((e) => e);
    const message = 'hook "writer" failed in epochEnd after 4 of 6 steps: disk full';
    expect(error).toBeInstanceOf(TrainingError);
    expect(error).toMatchObject({ message, cause, subject: "writer" });
    expect(heard).toEqual([`a: ${message}`, `b: ${message}`]);
  });

  it("that fail while they hear of an error hide nothing", async () => {
    const heard: string[] = [];
    const error: unknown = await run([
      {
        name: "first",
        stepEnd: () => Promise.reject(new Error("no disk")),
        error: () => Promise.reject(new Error("no log")),
      },
      { name: "last", error: () => void heard.push("last") },
    ]).catch((e) => e);
    expect((error as Error).message).toBe(
      'hook "first" failed in stepEnd after 1 of 6 steps: no disk; then hook "first" failed in error after 1 of 6 steps: no log',
    );
    expect(heard).toEqual(["last"]);
  });
});

describe("defineHook", () => {
  it("refuses hooks without a name, events that are no functions, and misspelt events", () => {
    const define = (hook: object) => () => defineHook(hook as TrainerHook);
    expect(define({ stepEnd() {} })).toThrow(
      "defineHook: `name` must be a string that is not empty; received undefined.",
    );
    expect(define({ name: "x", stepEnd: 3 })).toThrow(
      'defineHook: `stepEnd` of hook "x" must be a function; received number.',
    );
    expect(define({ name: "x", stepend() {} })).toThrow(
      'hook "x" has `stepend`, which is no event. Did you mean `stepEnd`?',
    );
    expect(define({ name: "x", stepend() {} })).toThrow(InvalidArgumentError);
  });

  it("makes a definition with options, of which every training gets a hook of its own", () => {
    const definition = defineHook({
      name: "counter",
      options: { from: 0 },
      create: ({ from }, { say }) => {
        let count = from;
        return { epochStart: () => say(String(count++)) };
      },
    });
    const said: string[] = [];
    const context = { folder: ".", say: (text: string) => void said.push(text) };
    const hooks = [definition.create(context), definition.with({ from: 5 }).create(context)];
    for (const hook of [...hooks, ...hooks]) void hook.epochStart?.({} as TrainingRun, { epoch: 0, startStep: 0 });
    expect(said).toEqual(["0", "5", "1", "6"]);
    expect(definitionMark(definition)).toEqual({ kind: "hook", apiVersion: 1 });
    expect(definitionMark(hooks[0])?.kind).toBe("hook");
    expect(() => definition.with({ form: 1 } as object)).toThrow('hook "counter": unknown option `form`; expected one');
    expect(() => definition.with({ from: "3" } as object)).toThrow("`from` must be a finite number");
    const bad = defineHook({ name: "bad", options: {}, create: () => ({ stepend() {} }) as object });
    expect(() => bad.create(context)).toThrow('hook "bad" has `stepend`, which is no event.');
  });
});
