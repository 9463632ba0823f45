import { describe, expect, it, vi } from "vitest";
import { installedFamilies, launch } from "../../test/launch.js";

vi.setConfig({ testTimeout: 120_000 });
const families = installedFamilies();

const FAULTS = [
  ["kill", /./],
  ["throw in flight", /rank 1: Error: out of luck/],
  ["stop", /watchdog: process \d+ has not gone on for 4000 ms \(after \d+ beats\) and is killed/],
  ["throw", /rank 1: Error: out of luck/],
  ["reject", /rank 1: Error: out of luck/],
  ["exit 3", /./],
  ["exit 0", /./],
  ["abort", /rank 1 of 2 ends all ranks: the data are gone/],
] as const;

describe.each(families)("%s", (family) => {
  it.each([2, 3])("gives every collective's definition on %d ranks", async (ranks) => {
    const { code, output } = await launch(family, ranks, "collectives.mjs");
    const result = JSON.parse(output.trim().split("\n").at(-1)!);
    expect(output).not.toContain("expected");
    expect(result).toMatchObject({ size: ranks, wrong: 0 });
    expect(result.version).toContain(family);
    expect(code).toBe(0);
  });

  it.each(FAULTS)("ends all ranks with a code other than 0 when one of them does: %s", async (fault, message) => {
    const { code, output, seconds } = await launch(family, 2, "faults.mjs", { args: [fault], limitSeconds: 45 });
    expect(output).toMatch(message);
    expect(output).not.toContain("reached the end");
    expect(code).not.toBe(0);
    expect(seconds).toBeLessThan(44); // it ended by itself
  });

  it("goes through when nothing happens", async () => {
    const { code, output } = await launch(family, 2, "faults.mjs", { args: ["nothing"] });
    expect(output).toContain("rank 0 reached the end");
    expect(output).toContain("rank 1 reached the end");
    expect(code).toBe(0);
  });
});

describe.runIf(families.length === 2)("a launcher of one family with the other's library", () => {
  it.each([
    ["Open MPI", "libmpich.so.12"],
    ["MPICH", "libmpi.so.40"],
  ] as const)("%s with %s is refused", async (family, library) => {
    const { code, output } = await launch(family, 2, "collectives.mjs", { env: { SIMCLR_MPI_LIBRARY: library } });
    expect(output).toContain(`${family} started 2 ranks`);
    expect(output).toMatch(/sees 1\. Start with the mpirun that belongs to this library/);
    expect(code).not.toBe(0);
  });
});
