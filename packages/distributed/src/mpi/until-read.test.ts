import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installedFamilies } from "../../test/launch.js";
import { loadMpi } from "./bindings.js";
import { untilRead } from "./until-read.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "simclr-pipe-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.runIf(installedFamilies().length > 0)("what was written to a pipe", () => {
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
