import { expect, it } from "vitest";
import { loadMpi } from "./bindings.js";

it("names the library, the package that has it, and the variable, where it is missing", () => {
  expect(() => loadMpi("libnosuchmpi.so.1")).toThrow(
    /Cannot load MPI \(tried libnosuchmpi\.so\.1: .*\)\. Install it, on Debian with `apt-get install -y openmpi-bin`, or name the library in SIMCLR_MPI_LIBRARY\./,
  );
});
