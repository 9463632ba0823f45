import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it, vi } from "vitest";
import { temporaryFolder } from "../test/files.js";
import { WorkerPool } from "./worker-pool.js";

vi.setConfig({ testTimeout: 60_000 });

const folder = temporaryFolder();

/** A pool whose worker is this code. */
function pool(name: string, code: string): WorkerPool<string, string> {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, code);
  return new WorkerPool<string, string>({ file: pathToFileURL(file).href, threads: 2, where: "test" });
}

it.each([
  ["cannot start", "import './missing.mjs'; export default () => 'x';", /missing\.mjs/],
  ["leaves as it starts", "process.exit(3); export default () => 'x';", /exited with code: 3|no thread is left/],
  ["leaves at its work", "export default () => process.exit(4);", /exited with code: 4/],
  [
    "fails beside its work",
    "export default () => new Promise(() => setTimeout(() => { throw new Error('boom'); }));",
    /boom/,
  ],
])("rejects everything that was asked of it when a thread %s", async (name, code, reason) => {
  const threads = pool(name.replaceAll(" ", "-"), code);
  const results = await Promise.allSettled(["a", "b", "c", "d"].map((task) => threads.run(task)));
  for (const result of results) {
    expect(result.status).toBe("rejected");
    const { message } = (result as PromiseRejectedResult).reason as Error;
    expect(message).toMatch(/^test: a worker thread died at its work: /);
    expect(message).toMatch(reason);
  }
  await threads.close();
});
