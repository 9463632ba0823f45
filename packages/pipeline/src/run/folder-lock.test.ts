import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LOCK, lockFolder } from "./folder-lock.js";

let folder = "";
let said: string[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-lock-"));
  said = [];
});
afterEach(() => rm(folder, { recursive: true }));

const lock = () => lockFolder(folder, (text) => said.push(text));
const held = (holder: object): void => writeFileSync(join(folder, LOCK), `${JSON.stringify(holder)}\n`);
const since = "2026-01-01T00:00:00.000Z";
/** A number that no process has any more. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;

/** A process that locks the folder and then runs a script. */
function locked(script: string, signSeconds = 5) {
  const text = `const { createJiti } = await import(${JSON.stringify(import.meta.resolve("jiti"))});
const { lockFolder } = await createJiti("/").import(${JSON.stringify(fileURLToPath(new URL("folder-lock.ts", import.meta.url)))});
await lockFolder(${JSON.stringify(folder)}, () => {}, ${signSeconds}); ${script}`;
  return spawn(process.execPath, ["--input-type=module", "-e", text], { stdio: ["ignore", "ignore", "pipe"] });
}

describe("lockFolder", () => {
  it("is refused while a process holds it, which it names, and free after its release", async () => {
    const own = await lock();
    await expect(lock()).rejects.toThrow(
      new RegExp(`^${folder} is in use by process ${process.pid} on ${hostname()}, since .*kill ${process.pid}`),
    );
    own.release();
    own.release();
    expect(readdirSync(folder)).toEqual([]);
    (await lock()).release();
    expect(said).toEqual([]);
  });

  it("says why a folder cannot be written", async () => {
    await expect(lockFolder("/proc/self", () => {})).rejects.toThrow(
      /^\/proc\/self cannot be written: EN\w+: .*Nothing in it was changed\. Check free space and permissions/,
    );
  });

  it("takes over from a process that is gone, and says so", async () => {
    held({ pid: gone, host: hostname(), began: null, since });
    const own = await lock();
    expect(said).toEqual([`process ${gone}, which had locked ${folder}, is gone: going on without it`]);
    expect(JSON.parse(readFileSync(join(folder, LOCK), "utf8"))).toMatchObject({ pid: process.pid });
    expect(readdirSync(folder)).toEqual([LOCK]);
    own.release();
  });

  it.runIf(existsSync("/proc/self/stat"))("knows a number that was given to another process since", async () => {
    held({ pid: process.pid, host: hostname(), began: "1", since });
    (await lock()).release();
    expect(said).toHaveLength(1);
  });

  it.runIf(existsSync("/proc/self/stat"))(
    "takes over from a process that has ended, but which nobody asked",
    async () => {
      // `sleep` takes the shell's place and never asks how the shell's child ended.
      const parent = spawn("sh", ["-c", "sleep 0.5 & echo $!; exec sleep 30"], { stdio: ["ignore", "pipe", "ignore"] });
      const [text] = (await once(parent.stdout, "data")) as [Buffer];
      const pid = Number(text.toString());
      const stat = () => readFileSync(`/proc/${pid}/stat`, "utf8");
      await expect.poll(() => / Z /.test(stat()), { timeout: 4_000 }).toBe(true);
      held({ pid, host: hostname(), began: stat().split(" ")[21], since });
      (await lock()).release();
      expect(said).toHaveLength(1);
      parent.kill();
    },
  );

  it("leaves the lock of another host that shows signs of life, which it waits for", async () => {
    held({ pid: gone, host: "elsewhere", began: null, since, signSeconds: 0.2 });
    const lives = setInterval(() => utimesSync(join(folder, LOCK), new Date(), new Date()), 200);
    await expect(lock()).rejects.toThrow(
      `${folder} is in use by process ${gone} on elsewhere, since ${since}. Wait for it`,
    );
    clearInterval(lives);
    expect(said).toEqual([
      `${folder} is locked by process ${gone} on elsewhere, whose last sign of life is 0 s old: waiting for its next one`,
    ]);
    expect(readdirSync(folder)).toEqual([LOCK]);
  });

  it("takes over from a process of another host that shows none, and says so", async () => {
    held({ pid: gone, host: "elsewhere", began: null, since, signSeconds: 0.2 });
    (await lock()).release();
    const isGone = `process ${gone} on elsewhere, which had locked ${folder}, is gone: going on without it`;
    expect(said).toEqual([expect.stringMatching(/waiting for its next one$/), isGone]);

    held({ pid: gone, host: "elsewhere", began: null, since, signSeconds: 5 });
    const long = new Date(Date.now() - 31_000);
    utimesSync(join(folder, LOCK), long, long);
    (await lock()).release();
    expect(said.slice(2)).toEqual([isGone]);
  });

  it("shows that it lives while its process computes, and ends a process whose lock was taken", async () => {
    const child = locked("const end = Date.now() + 20_000; while (Date.now() < end);", 0.05);
    const told: string[] = [];
    child.stderr.on("data", (text) => told.push(String(text)));
    await expect.poll(() => existsSync(join(folder, LOCK)), { timeout: 10_000 }).toBe(true);
    const { mtimeMs } = statSync(join(folder, LOCK));
    await expect.poll(() => statSync(join(folder, LOCK)).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(mtimeMs + 100);
    held({ pid: gone, host: "elsewhere", began: null, since });
    const [, signal] = await once(child, "close");
    expect(signal).toBe("SIGKILL");
    expect(told.join("")).toBe(
      `process ${child.pid} stood still for so long that another took its lock ${join(folder, LOCK)}: it is killed, so that only one writes there\n`,
    );
  });

  it("leaves the lock of another host without signs of life, and says how to remove it", async () => {
    held({ pid: gone, host: "elsewhere", began: null, since });
    await expect(lock()).rejects.toThrow(
      `${folder} is in use by process ${gone} on elsewhere, since ${since}. Wait for it, or choose another folder with --output. If it runs no longer, remove ${join(folder, LOCK)}.`,
    );
    writeFileSync(join(folder, LOCK), "{");
    await expect(lock()).rejects.toThrow(/lock\.json is damaged.*remove the file/);
  });

  it("leaves a lock that another process put in the place of its own", async () => {
    const own = await lock();
    held({ pid: gone, host: "elsewhere", began: null, since });
    own.release();
    expect(existsSync(join(folder, LOCK))).toBe(true);
  });

  it("is released at the end of the process", async () => {
    const [status] = await once(locked("process.exit(3);"), "close");
    expect(status).toBe(3);
    expect(readdirSync(folder)).toEqual([]);
  });
});
