import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Ended, spawnSimclr } from "./testing.js";

const LONG = `name: long
data: { train: shapes, test: shapes, imageSize: 32, limit: 200, testLimit: 500 }
model: { width: 0.0625, head: { layers: 2, dimension: 16 } }
pretrain: { batchSize: 40, epochs: 4000, optimizer: { learningRate: 0.1 } }
labels: [{ perClass: 4 }]
finetune: { batchSize: 20, steps: 6, optimizer: { learningRate: 0.05 } }
checkpoint: { everySeconds: 1000 }
`;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-folder-"));
  await writeFile(join(folder, "long.yaml"), LONG);
});
afterAll(() => rm(folder, { recursive: true }));

it("refuses a second process on the folder, and saves what the first did when its terminal closes", async () => {
  const metrics = join(folder, "runs/long/pretrain/metrics.jsonl");
  let second: Promise<Ended> | undefined;
  let pid: number | undefined;
  const first = await new Promise<Ended>((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const ended = spawnSimclr(["run", "long.yaml"], {
      cwd: folder,
      watch: (_, child) => {
        timer ??= setInterval(() => {
          if (!existsSync(metrics) || !readFileSync(metrics, "utf8").includes("\n")) return;
          clearInterval(timer); // a second signal would end it without waiting
          pid = child.pid;
          second = spawnSimclr(["run", "long.yaml"], { cwd: folder });
          void second.then(() => child.kill("SIGHUP"));
        }, 5);
      },
    });
    void ended.then(resolve);
  });
  const { status, stderr, stdout } = await second!;
  expect(stderr).toContain(`long is in use by process ${pid} on ${hostname()}, since `);
  expect(stderr).toContain(
    `end it with \`kill ${pid}\`, which writes a checkpoint; or choose another folder with --output.`,
  );
  expect([status, stdout]).toEqual([2, ""]);
  expect(first.status, first.stderr).toBe(130);
  expect(first.stderr).toMatch(/pretraining: stopped at step \d+; the same command goes on from there\./);
  const entries = readdirSync(join(folder, "runs/long"));
  expect(entries).not.toContain("lock.json");
  expect(readdirSync(join(folder, "runs/long/pretrain")).filter((name) => name.startsWith("step-"))).toHaveLength(1);
});

it("says that another version wrote the folder", async () => {
  await writeFile(join(folder, "runs/long/run.json"), '{"formatVersion":2,"version":"9.1.0"}');
  const { status, stderr } = await spawnSimclr(["run", "long.yaml"], { cwd: folder });
  expect(stderr).toMatch(
    /^error: .*long was written by simclr 9\.1\.0, in format 2 of run folders;.* Go on with simclr 9\.1\.0/m,
  );
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(status).toBe(1);
});
