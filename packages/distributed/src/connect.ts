import { type Communicator, checkChoice, singleProcess } from "@simclr/core";
import { launcherOf } from "./launcher.js";
import { mpiCommunicator } from "./mpi/mpi-communicator.js";

export type Engine = "auto" | "mpi" | "none";

export interface ConnectOptions {
  /**
   * `auto` joins by MPI where a launcher started more than one process, and else is alone; `mpi` insists on it; `none` is
   * always alone. @defaultValue "auto"
   */
  readonly engine?: Engine;
  /** Path or name of libmpi. @defaultValue SIMCLR_MPI_LIBRARY, else the usual names */
  readonly library?: string;
}

/**
 * The communicator of this process. Without a launcher neither MPI nor koffi is loaded.
 *
 * @throws InvalidArgumentError for another engine; BackendError as `mpiCommunicator`.
 */
export function connect({ engine = "auto", library }: ConnectOptions = {}): Communicator {
  checkChoice("connect", { engine }, ["auto", "mpi", "none"]);
  const launcher = launcherOf();
  const alone = engine === "none" || (engine === "auto" && (launcher?.size ?? 1) === 1);
  return alone ? singleProcess() : mpiCommunicator({ library, launcher });
}
