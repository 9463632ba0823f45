import { readFileSync } from "node:fs";

/** An instruction set that the kernels are compiled for, and what the tests do about it on this processor. */
export interface IsaLevel {
  readonly name: "baseline" | "avx2" | "avx512";
  /** Value of `DNNL_MAX_CPU_ISA` that holds both oneDNN and the addon's own kernels to it. */
  readonly dnnl: "SSE41" | "AVX2" | "AVX512_CORE";
  /** The best one runs all tests, a lower one the kernels' once more; a higher one cannot run. */
  readonly use: "all tests" | "kernel tests" | "absent";
}

const LEVELS = [
  { name: "baseline", dnnl: "SSE41", flags: [] },
  { name: "avx2", dnnl: "AVX2", flags: ["avx2", "fma", "bmi2"] },
  { name: "avx512", dnnl: "AVX512_CORE", flags: ["avx512f", "avx512bw", "avx512dq", "avx512vl"] },
] as const;

/** The three, lowest first. For tests. */
export function isaLevels(): IsaLevel[] {
  const flags = processorFlags();
  const present = LEVELS.filter((level) => level.flags.every((flag) => flags.has(flag)));
  return LEVELS.map((level) => {
    const use = level === present.at(-1) ? "all tests" : present.includes(level) ? "kernel tests" : "absent";
    return { name: level.name, dnnl: level.dnnl, use };
  });
}

/** As Linux names them; empty elsewhere than on x86-64. */
function processorFlags(): Set<string> {
  if (process.platform !== "linux" || process.arch !== "x64") return new Set();
  const line = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  return new Set(line.trim().split(/\s+/));
}
