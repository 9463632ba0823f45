import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "@simclr/core";
import { expect, it } from "vitest";
import { saveCheckpoint } from "./checkpoint.js";
import { latestCheckpoint, listCheckpoints } from "./checkpoint-folder.js";
import { removeFolder } from "./durable-folder.js";

const CHILD = fileURLToPath(new URL("../../test/save-forever.mjs", import.meta.url));

/** Starts a process that saves all the time, kills it after a while, and gives the last step it had finished. */
function saveUntilKilled(folder: string, firstStep: number, ms: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, folder, String(firstStep)], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") setTimeout(() => child.kill("SIGKILL"), ms);
      output += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL") return reject(new Error(`the process ended by itself with ${code}: ${output}`));
      const finished = output.split("\n").slice(0, -1).slice(1); // whole lines, without "ready"
      resolve(finished.length > 0 ? Number(finished.at(-1)) : firstStep - 1);
    });
  });
}

it("a process killed at any instant loses no finished checkpoint, and leaves none half written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "simclr-kill-"));
  const random = Random.fromSeed(4);
  try {
    let last = 0;
    for (let round = 0; round < 5; round++) {
      const finished = await saveUntilKilled(folder, last + 1, random.uniform(0, 120));
      const { checkpoint, damaged } = await latestCheckpoint(folder);
      expect(damaged).toEqual([]);
      // The one being written may have got its name just before the process could say so.
      const step = checkpoint?.state.step ?? 0;
      expect([finished, finished + 1]).toContain(step);
      if (checkpoint !== undefined) {
        const { data } = checkpoint.state.weights.w!;
        expect(data).toEqual(new Float32Array(200_000).fill(step));
      }
      for (const { path } of (await listCheckpoints(folder)).slice(2)) await removeFolder(path);
      last = step;
    }
    expect(last).toBeGreaterThan(2);
    const arrays = { w: { shape: [1], data: Float32Array.of(1) } };
    await saveCheckpoint(folder, { state: { step: last + 1, weights: arrays, slots: {}, meta: {} } });
    const names = await readdir(folder);
    expect(names.filter((name) => name.endsWith(".tmp"))).toEqual([]); // what the killed ones left behind is gone
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);
