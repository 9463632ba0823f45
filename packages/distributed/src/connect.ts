import { type Communicator, checkChoice, checkPositive, singleProcess } from "@simclr/core";
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
  /** As `mpiCommunicator` has it. @defaultValue SIMCLR_STALL_SECONDS, else ten minutes */
  readonly stallMs?: number;
}

/**
 * The communicator of this process. Without a launcher neither MPI nor koffi is loaded.
 *
 * @throws InvalidArgumentError for another engine; BackendError as `mpiCommunicator`.
 */
export function connect({
  engine = "auto",
  library,
  stallMs = stallOf(process.env),
}: ConnectOptions = {}): Communicator {
  checkChoice("connect", { engine }, ["auto", "mpi", "none"]);
  const launcher = launcherOf();
  const alone = engine === "none" || (engine === "auto" && (launcher?.size ?? 1) === 1);
  return alone ? singleProcess() : mpiCommunicator({ library, launcher, stallMs });
}

function stallOf({ SIMCLR_STALL_SECONDS }: NodeJS.ProcessEnv): number | undefined {
  if (SIMCLR_STALL_SECONDS === undefined) return undefined;
  const seconds = Number(SIMCLR_STALL_SECONDS);
  checkPositive("connect", { SIMCLR_STALL_SECONDS: seconds });
  return 1000 * seconds;
}
