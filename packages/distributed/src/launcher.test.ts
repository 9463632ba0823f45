import { describe, expect, it } from "vitest";
import { connect } from "./connect.js";
import { launcherOf, withoutLauncher } from "./launcher.js";

describe("launcherOf", () => {
  it.each([
    [{ OMPI_COMM_WORLD_SIZE: "4" }, "Open MPI", 4],
    [{ PMI_SIZE: "2" }, "MPICH", 2],
    [{ PMIX_RANK: "0", SLURM_NTASKS: "64" }, "Slurm with PMIx", 64],
  ])("knows %j", (environment, name, size) => {
    expect(launcherOf(environment)).toMatchObject({ name, size });
    expect(launcherOf(withoutLauncher(environment))).toBeUndefined();
  });

  it("takes a batch job's shell, which Slurm gave tasks but PMIx no rank, for a process of its own", () => {
    expect(launcherOf({ SLURM_NTASKS: "64" })).toBeUndefined();
  });
});

describe("connect", () => {
  it("is alone without a launcher, and on request", () => {
    for (const engine of ["auto", "none"] as const) expect(connect({ engine })).toMatchObject({ rank: 0, size: 1 });
  });

  it("refuses another engine", () => {
    expect(() => connect({ engine: "gloo" as "mpi" })).toThrow('"gloo"');
  });
});
