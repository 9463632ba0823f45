import { readFileSync } from "node:fs";
import { totalmem } from "node:os";

/** Where Linux says what of a control group's memory is a cache of files, which it gives up when asked. */
const GROUP_STATISTICS = "/sys/fs/cgroup/memory.stat";

/** Bytes that this process can still take, within the limits of its container, if it has any. */
export function availableMemory(): number {
  const available = process.availableMemory();
  const limit = process.constrainedMemory();
  if (!(limit > 0 && limit < totalmem())) return available;
  return available + cachedInGroup();
}

function cachedInGroup(): number {
  try {
    return Number(/^inactive_file (\d+)$/m.exec(readFileSync(GROUP_STATISTICS, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // not a group of version 2: the cache counts as used
  }
}
