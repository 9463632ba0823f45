/** A signal for `train`, and the way back. */
export interface StopSignal {
  readonly signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP (a terminal that closes) of the process into an abort, so that `train` finishes its step, asks for a
 * checkpoint and returns. After that, and after `dispose`, signals do again what they did before: a second Ctrl-C ends
 * the process at once.
 */
export function stopOnSignals(names: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"]): StopSignal {
  const controller = new AbortController();
  const dispose = (): void => {
    for (const name of names) process.off(name, stop);
  };
  const stop = (name: NodeJS.Signals): void => {
    dispose();
    controller.abort(`received ${name}`);
  };
  for (const name of names) process.on(name, stop);
  return { signal: controller.signal, dispose };
}
