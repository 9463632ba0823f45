import { basename, resolve } from "node:path";
import { type LocalServer, serveReport } from "@simclr/pages";
import { reportData, runVersion } from "@simclr/pipeline";

export interface WatchCommandOptions {
  readonly port?: number;
}

/** `simclr watch RUN`, until a signal */
export async function watchCommand(run: string, { port }: WatchCommandOptions): Promise<void> {
  const server = await serveReport({
    ...{ title: basename(resolve(run)), data: () => reportData(run), version: () => runVersion(run) },
    ...(port !== undefined && { port }),
  });
  process.stderr.write("Open this address on this machine; its token is the key. Ctrl-C ends it, and not the run.\n");
  process.stdout.write(`${server.url}\n`);
  await untilSignal(server);
}

/** Resolves once a signal has come, or the terminal has closed, and the server is closed. */
function untilSignal(server: LocalServer): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      for (const signal of SIGNALS) process.off(signal, end);
      void server.close().then(done);
    };
    for (const signal of SIGNALS) process.on(signal, end);
  });
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
