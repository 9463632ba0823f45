import { type Watchdog, watchdog } from "@simclr/distributed";
import { defineHook, type TrainerHook } from "@simclr/trainer";

/** Longer than any step, checkpoint and keepalive of a launcher. */
const STALL_LIMIT_MS = 600_000;

/** Ends this rank, and with it the others, when training stands still: a rank that waits for a dead one cannot tell. */
export function watchdogHook(): TrainerHook {
  let dog: Watchdog | undefined;
  const stop = async (): Promise<void> => {
    await dog?.stop();
    dog = undefined;
  };
  return defineHook({
    name: "watchdog",
    trainStart() {
      dog = watchdog({ limitMs: STALL_LIMIT_MS });
    },
    stepStart: () => dog?.beat(),
    interrupted: stop,
    trainEnd: stop,
    error: stop,
  });
}
