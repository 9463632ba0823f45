import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const addon = fileURLToPath(new URL("../build/simclr_onednn.node", import.meta.url));
/** Functions that run only after kIsa was asked: the two copies of a loop body, and what is local to files for one width of vector. */
const DISPATCHED = /CallAvx(2|512)|6simclr(8winograd|10batch_norm)12_GLOBAL__N_1|6simclr(5pairs|6narrow)/;
/** Instructions with a VEX or EVEX prefix, BMI and counting: none is in plain x86-64. */
const ABOVE_BASELINE = /^(v\w+|kmov\w*|andn|bextr|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|popcnt|lzcnt|movbe)\b/;

const canDisassemble = process.arch === "x64" && spawnSync("objdump", ["--version"]).status === 0;

// Not of the sanitized addon, which is never published.
it.runIf(canDisassemble && !process.env.SIMCLR_ONEDNN_ADDON)(
  "has instructions above plain x86-64 only in functions that are dispatched to",
  () => {
    const options = ["--disassemble", "--no-show-raw-insn", addon];
    const text = execFileSync("objdump", options, { encoding: "utf8", maxBuffer: 2 ** 28 });
    const offenders = new Set<string>();
    const users = new Set<string>();
    let name = "";
    for (const line of text.split("\n")) {
      const start = /^[0-9a-f]+ <(.*)>:$/.exec(line);
      if (start) name = start[1]!;
      else if (ABOVE_BASELINE.test(line.slice(line.indexOf("\t") + 1)))
        (DISPATCHED.test(name) ? users : offenders).add(name);
    }
    expect([...offenders]).toEqual([]);
    expect(users.size).toBeGreaterThan(50); // the search finds what it looks for
  },
);
