import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { environmentAlone, installedFamilies } from "../../test/launch.js";
import { loadMpi } from "./bindings.js";
import { ABORT_CODE } from "./mpi-communicator.js";
import { untilRead } from "./until-read.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "simclr-pipe-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const LAST_WORDS = fileURLToPath(new URL("../../test/last-words.mjs", import.meta.url));
const families = installedFamilies();

describe.runIf(families.length > 0)("what was written to a pipe", () => {
  const { unread } = loadMpi();
  let fifo: string;
  let pipe: number;

  beforeEach(() => {
    fifo = join(folder, "pipe");
    execFileSync("sh", ["-c", `mkfifo ${fifo}`]);
    pipe = openSync(fifo, "r+"); // both ends: opening waits for nobody
  });

  afterEach(() => closeSync(pipe));

  it("is waited for until a slow reader has read it", () => {
    writeSync(pipe, "why all ranks end");
    spawn("sh", ["-c", `sleep 0.3; head -c 17 < ${fifo} > ${join(folder, "read")}`]);
    expect(unread(pipe)).toBe(17);
    untilRead(unread, [pipe], 60_000);
    expect(unread(pipe)).toBe(0);
  });

  it("is left to who never reads it", () => {
    writeSync(pipe, "why all ranks end");
    untilRead(unread, [pipe], 20);
    expect(unread(pipe)).toBe(17);
  });

  it.each(families)(
    "keeps a rank of %s that ends all ranks until it has been read",
    async (family) => {
      const env = environmentAlone(family);
      const rank = spawn(process.execPath, [LAST_WORDS], { stdio: ["ignore", "ignore", pipe], env });
      while (unread(pipe) === 0) await pause(5);
      await pause(150); // MPI_Abort takes a few
      expect(rank.exitCode).toBeNull();
      const text = new Uint8Array(1000);
      expect(new TextDecoder().decode(text.subarray(0, readSync(pipe, text)))).toContain("the data are gone");
      const [code] = await once(rank, "exit");
      expect(code).toBe(ABORT_CODE);
    },
    60_000,
  );
});

it("is not asked for where it goes to a file, or nowhere", () => {
  const file = openSync(join(folder, "output"), "w");
  const asked: number[] = [];
  const unread = (descriptor: number): number => asked.push(descriptor);
  untilRead(unread, [file]);
  closeSync(file);
  untilRead(unread, [file]);
  expect(asked).toEqual([]);
});
