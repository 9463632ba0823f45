import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

/**
 * Cores that this process may use, an integer >= 1: its affinity (`taskset`, `docker --cpuset-cpus`), at most what the
 * quota of its control group grants (`docker --cpus`, Kubernetes limits), rounded up. Node 20 tells the first only.
 */
export function availableCores(): number {
  const cores = availableParallelism();
  const quota = process.platform === "linux" ? cgroupQuota("/") : undefined;
  return quota === undefined ? cores : Math.max(1, Math.min(cores, Math.ceil(quota)));
}

/**
 * The smallest quota of this process's control group and those around it, in cores; undefined where there is none.
 *
 * @param root - Folder that holds `proc` and `sys`.
 * @see the kernel's documentation, cgroup-v2 `cpu.max` and cgroup-v1 `cpu.cfs_quota_us`
 */
export function cgroupQuota(root: string): number | undefined {
  const quotas: number[] = [];
  for (const line of (read(join(root, "proc/self/cgroup")) ?? "").trim().split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === "") quotas.push(...quotasUpwards(join(root, "sys/fs/cgroup"), path, unified));
    else if (controllers?.split(",").includes("cpu"))
      quotas.push(...quotasUpwards(join(root, "sys/fs/cgroup/cpu"), path, legacy));
  }
  return quotas.length > 0 ? Math.min(...quotas) : undefined;
}

/** Quotas of a group and of all groups above it; inside a container the group itself may show as the root. */
function quotasUpwards(mount: string, path: string, quotaOf: (folder: string) => number | undefined): number[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== "..");
  const folders = parts.map((_, i) => join(mount, ...parts.slice(0, i + 1)));
  return [mount, ...folders].map(quotaOf).filter((quota) => quota !== undefined);
}

function unified(folder: string): number | undefined {
  const [quota, period] = (read(join(folder, "cpu.max")) ?? "max").trim().split(" ").map(Number);
  return share(quota, period);
}

function legacy(folder: string): number | undefined {
  return share(Number(read(join(folder, "cpu.cfs_quota_us"))), Number(read(join(folder, "cpu.cfs_period_us"))));
}

/** "max" and -1 mean that there is no quota. */
function share(quota: number | undefined, period: number | undefined): number | undefined {
  return quota !== undefined && period !== undefined && quota > 0 && period > 0 ? quota / period : undefined;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // no such file: another version of control groups, or none
  }
}
