import { basename, resolve } from "node:path";
import { serveReport } from "@simclr/pages";
import { reportData, runVersion } from "@simclr/pipeline";
import { untilSignal } from "./until-signal.js";

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
