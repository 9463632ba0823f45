import { InvalidArgumentError } from "@simclr/core";
import { loadBinding } from "./loader.js";

const VARIABLE = "SIMCLR_MEMORY_LIMIT_BYTES";

export interface MemoryOptions {
  /**
   * The most that tensors and scratch may take from the system, for all backends of this process, a whole number of
   * bytes > 0. A kernel that needs more throws a `BackendError` that names it and its shapes.
   * @defaultValue the environment variable `SIMCLR_MEMORY_LIMIT_BYTES`, else no limit
   */
  readonly memoryLimitBytes?: number;
}

/** Sets the limit of the memory pool; what it has taken already stays. */
export function setMemoryLimit({ memoryLimitBytes }: MemoryOptions): void {
  const variable = process.env[VARIABLE];
  if (memoryLimitBytes === undefined && !variable) return;
  const limit = memoryLimitBytes ?? Number(variable);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    const name = memoryLimitBytes === undefined ? VARIABLE : "`memoryLimitBytes`";
    const received = String(memoryLimitBytes ?? variable);
    throw new InvalidArgumentError(
      `oneDNN backend: ${name} must be a whole number of bytes > 0; received ${received}. Leave it out for no limit.`,
      { subject: name, expected: "a whole number of bytes > 0", received },
    );
  }
  loadBinding().setMemoryLimit(limit);
}
