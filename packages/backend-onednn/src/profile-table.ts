import type { KernelProfile, OnednnProfile } from "./profile.js";

export interface ProfileTableOptions {
  /** Numbers are divided by this, to be those of one step of several. @defaultValue 1 */
  readonly steps?: number;
}

const HEADINGS = ["kernel", "calls", "ms", "%", "MB out", "GFLOP/s", "where"];

/** A profile as text in columns: a line a kernel, the slowest first, then the sums. */
export function profileTable({ kernels, wallMs }: OnednnProfile, { steps = 1 }: ProfileTableOptions = {}): string {
  const sum = (of: readonly KernelProfile[]) => of.reduce((ms, { totalMs }) => ms + totalMs, 0);
  const inKernels = sum(kernels);
  const onHost = sum(kernels.filter(({ delegated }) => delegated));
  const rows = kernels.map(({ kernel, shapes, delegated, calls, totalMs, outputBytes, flops }) => [
    shapes === undefined ? kernel : `${kernel} ${shapes}`,
    String(Math.round((calls / steps) * 10) / 10),
    (totalMs / steps).toFixed(2),
    ((100 * totalMs) / wallMs).toFixed(1),
    (outputBytes / steps / 1e6).toFixed(1),
    flops === undefined ? "" : (flops / totalMs / 1e6).toFixed(1),
    delegated ? "host" : "addon",
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ")
      .trimEnd();
  const inMs = (ms: number) => `${(ms / steps).toFixed(2)} ms`;
  const sums = `kernels ${inMs(inKernels)} of ${inMs(wallMs)}; on the host ${inMs(onHost)}`;
  return `${[line(HEADINGS), ...rows.map(line), sums].join("\n")}\n`;
}
