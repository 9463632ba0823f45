// The plugin of the runs in scripts/faults.mjs: harmless, unless the environment says otherwise.
import { setTimeout as sleep } from "node:timers/promises";
import { defineHook } from "@simclr/trainer";
import * as tf from "@tensorflow/tfjs-core";

const { FAULT_NAN_AT, FAULT_SLOW_CHECKPOINT, FAULT_ON_RANK, FAULT_AT } = process.env;

export const fault = defineHook({
  name: "fault",
  options: {},
  create: () => {
    let steps = 0; // a state of its own, which has to survive
    return {
      capture: () => ({ values: { steps } }),
      restore: ({ values }) => {
        steps = values.steps;
      },
      stepStart(run, start) {
        if (start.step !== steps) throw new Error(`${steps} steps were remembered, ${start.step} were made`);
        if (FAULT_ON_RANK && run.communicator.rank === 1 && String(start.step) === FAULT_AT) fail(run.communicator);
        if (String(start.step) !== FAULT_NAN_AT) return;
        const [{ variable }] = run.task.weights;
        tf.tidy(() => variable.assign(tf.fill(variable.shape, Number.NaN)));
      },
      stepEnd() {
        steps++;
      },
      async checkpoint() {
        if (FAULT_SLOW_CHECKPOINT) await sleep(Number(FAULT_SLOW_CHECKPOINT));
      },
    };
  },
});

/** What goes wrong on one rank of several. */
function fail(communicator) {
  if (FAULT_ON_RANK === "kill") process.kill(process.pid, "SIGKILL");
  if (FAULT_ON_RANK === "stop") process.kill(process.pid, "SIGSTOP");
  if (FAULT_ON_RANK === "exit") process.exit(0);
  if (FAULT_ON_RANK === "throw in flight") void communicator.allReduce(new Float32Array(2 ** 19), "sum");
  throw new Error("out of luck");
}
