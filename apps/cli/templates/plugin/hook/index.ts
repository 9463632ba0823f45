import { definePlugin } from "@simclr/core";
import { defineHook } from "@simclr/trainer";

/** Lowers the learning rate after each epoch whose mean loss was no better than the best one. */
export const hook = defineHook({
  name: "my-part", // as a configuration spells it
  // Every option with its default, as plain data.
  options: { factor: 0.5 },
  // Called once for each training; what the hook remembers lives in this call.
  create: ({ factor }, { say }) => {
    if (!(factor > 0 && factor <= 1))
      throw new RangeError(`my-part: \`factor\` must be in (0, 1]; received ${factor}.`);
    let scale = 1;
    let best: number | null = null;
    return {
      stepStart(_run, start) {
        start.learningRate *= scale; // for this step alone
      },
      epochEnd(run, { epoch, meanLoss }) {
        if (best === null || meanLoss < best) {
          best = meanLoss;
          return;
        }
        scale *= factor;
        if (run.communicator.rank === 0) say(`my-part: learning rate × ${scale} after epoch ${epoch}`);
      },
      // JSON values that a resumed run goes on with.
      capture: () => ({ values: { scale, best } }),
      restore({ values }) {
        ({ scale, best } = values as { scale: number; best: number | null });
      },
    };
  },
});

export const plugin = definePlugin({ name: "simclr-plugin-my-part", apiVersion: 1, hooks: [hook] });
