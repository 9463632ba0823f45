// Loaded before the command: ends every worker thread of the process, as a crash of native code in it would, once the file
// FAULT_WORKERS_WHEN has a line.
import { existsSync, readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import threads from "node:worker_threads";

const { FAULT_WORKERS_WHEN } = process.env;

if (threads.isMainThread && FAULT_WORKERS_WHEN) {
  const workers = new Set();
  threads.Worker = class extends threads.Worker {
    constructor(...args) {
      super(...args);
      workers.add(this);
      this.once("exit", () => workers.delete(this));
    }
  };
  syncBuiltinESMExports();
  const timer = setInterval(() => {
    if (workers.size === 0 || !existsSync(FAULT_WORKERS_WHEN)) return;
    if (!readFileSync(FAULT_WORKERS_WHEN, "utf8").includes("\n")) return;
    clearInterval(timer);
    process.stderr.write(`fault: ${workers.size} workers ended\n`);
    for (const worker of workers) void worker.terminate();
  }, 2);
  timer.unref();
}
