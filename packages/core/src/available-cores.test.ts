import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { cgroupQuota } from "./available-cores.js";

let root: string | undefined;

afterEach(() => {
  if (root) rmSync(root, { recursive: true });
  root = undefined;
});

/** The quota on a system with these files. */
function quotaWith(files: Record<string, string>): number | undefined {
  root = mkdtempSync(join(tmpdir(), "simclr-cgroup-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return cgroupQuota(root);
}

it("reads the quota of a container, which sees itself as the root", () => {
  expect(quotaWith({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" })).toBe(1.5);
});

it("takes the smallest quota of a group and those above it", () => {
  const files = {
    "proc/self/cgroup": "0::/user.slice/app\n",
    "sys/fs/cgroup/user.slice/cpu.max": "200000 100000\n",
    "sys/fs/cgroup/user.slice/app/cpu.max": "max 100000\n",
  };
  expect(quotaWith(files)).toBe(2);
});

it("reads control groups of version 1", () => {
  const files = {
    "proc/self/cgroup": "3:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  };
  expect(quotaWith(files)).toBe(0.5);
});

it("knows no quota where there is none", () => {
  expect(quotaWith({})).toBeUndefined();
  expect(quotaWith({ "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n" })).toBeUndefined();
});
