import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineHook } from "@simclr/trainer";

/** One change of the learning rate, as a line of the log. */
interface Change {
  /** The first step that it holds for. */
  readonly step: number;
  readonly factor: number;
  readonly loss: number;
}

/**
 * Lowers the learning rate when the loss has stopped to fall: each time its running mean was no better for `patience` steps,
 * the rate of the schedule is multiplied once more by `factor`. Every change is a line of JSON in `file`, in the folder of the
 * training. A resumed run goes on with the same rate.
 */
export const plateau = defineHook({
  name: "plateau",
  options: {
    /** Steps without a gain, >= 1. */
    patience: 100,
    /** In (0, 1). */
    factor: 0.5,
    /** A loss lower by less is no gain, >= 0. */
    minimumGain: 0,
    /** Share of the newest loss in the running mean, in (0, 1]. */
    smoothing: 0.1,
    file: "plateau.jsonl",
  },
  create: ({ patience, factor, minimumGain, smoothing, file }, { folder, say }) => {
    if (!(Number.isInteger(patience) && patience >= 1))
      throw new RangeError(`plateau: \`patience\` must be an integer >= 1; received ${patience}. Count steps.`);
    if (!(factor > 0 && factor < 1))
      throw new RangeError(`plateau: \`factor\` must be in (0, 1); received ${factor}. Take 0.5, for example.`);
    const log = join(folder, file);
    let scale = 1;
    let mean: number | null = null;
    let best: number | null = null;
    let waited = 0;
    return {
      capture: () => ({ values: { scale, mean, best, waited } }),
      restore({ values }) {
        ({ scale, mean, best, waited } = values as unknown as {
          scale: number;
          mean: number | null;
          best: number | null;
          waited: number;
        });
      },
      async trainStart({ startStep, communicator }) {
        if (communicator.rank !== 0) return;
        // A run that was killed after its last checkpoint makes those steps again.
        const lines = (await readFile(log, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
        const kept = lines.filter((line) => (JSON.parse(line) as Change).step <= startStep);
        await writeFile(log, kept.map((line) => `${line}\n`).join(""));
      },
      stepStart(_run, start) {
        start.learningRate *= scale;
      },
      async stepEnd({ step, communicator }, { loss, metrics }) {
        mean = mean === null ? loss : mean + smoothing * (loss - mean);
        metrics.plateauScale = scale; // of the step that ended
        const isGain = best === null || mean < best - minimumGain;
        if (isGain) best = mean;
        waited = isGain ? 0 : waited + 1;
        if (waited < patience) return;
        waited = 0;
        scale *= factor;
        if (communicator.rank !== 0) return; // all ranks change the rate, one tells
        say(`plateau: learning rate × ${scale} from step ${step} on`);
        const change: Change = { step, factor: scale, loss: mean };
        await appendFile(log, `${JSON.stringify(change)}\n`);
      },
    };
  },
});
