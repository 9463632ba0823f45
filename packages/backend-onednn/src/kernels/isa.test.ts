import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { isaLevels } from "../isa-levels.js";
import { onednnInfo } from "../loader.js";
import type { NativeInfo } from "../native.js";

vi.setConfig({ testTimeout: 30_000 }); // each starts a process

const distIndex = fileURLToPath(new URL("../../dist/index.js", import.meta.url));
const levels = isaLevels();
const has = (name: string) => levels.find((level) => level.name === name)?.use !== "absent";

/** What the addon says of itself in a process with these limits, or the error's message. */
function infoWith(limits: Record<string, string>): Partial<NativeInfo> & { error?: string } {
  const { SIMCLR_MAX_ISA: _, DNNL_MAX_CPU_ISA: __, ...inherited } = process.env;
  const script = `
    import { onednnInfo } from ${JSON.stringify(distIndex)};
    let said;
    try { said = onednnInfo(); } catch (error) { said = { error: error.message }; }
    console.log(JSON.stringify(said));`;
  const env = { ...inherited, ...limits };
  const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8", env });
  return JSON.parse(said) as Partial<NativeInfo> & { error?: string };
}

it("uses the best instruction set that the processor has and the limits allow", () => {
  const limit = process.env.DNNL_MAX_CPU_ISA;
  const expected = limit
    ? levels.find(({ dnnl }) => dnnl === limit)?.name
    : levels.findLast(({ use }) => use !== "absent")?.name;
  expect(onednnInfo().ownIsa).toBe(expected);
});

it.runIf(process.arch === "x64")("lowers oneDNN with SIMCLR_MAX_ISA and our kernels with DNNL_MAX_CPU_ISA", () => {
  const lowest = { isa: "sse4.1", ownIsa: "baseline", bfloat16: false };
  expect(infoWith({ SIMCLR_MAX_ISA: "baseline" })).toMatchObject(lowest);
  expect(infoWith({ DNNL_MAX_CPU_ISA: "SSE41" })).toMatchObject(lowest);
  if (has("avx2")) {
    expect(infoWith({ SIMCLR_MAX_ISA: "avx2" })).toMatchObject({ isa: "avx2", ownIsa: "avx2" });
    expect(infoWith({ SIMCLR_MAX_ISA: "baseline", DNNL_MAX_CPU_ISA: "AVX2" })).toMatchObject({
      isa: "avx2",
      ownIsa: "baseline",
    });
  }
});

it("refuses an instruction set that it does not know", () => {
  expect(infoWith({ SIMCLR_MAX_ISA: "avx3" }).error).toBe(
    'SIMCLR_MAX_ISA must be baseline, avx2 or avx512; received "avx3". Unset it to use all that the processor has.',
  );
});

// Lower levels run the kernels' tests as projects of their own (vitest.all.ts).
for (const { name, use } of process.env.DNNL_MAX_CPU_ISA === undefined ? levels : []) {
  if (use === "absent") it.skip(`kernel tests at ${name}: this processor has none`, () => {});
}
