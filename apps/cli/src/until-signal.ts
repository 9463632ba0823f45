import type { LocalServer } from "@simclr/pages";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Resolves once a signal has come, or the terminal has closed, and the server is closed. */
export function untilSignal(server: LocalServer): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      for (const signal of SIGNALS) process.off(signal, end);
      void server.close().then(done);
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
}
