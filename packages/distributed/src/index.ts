export { type Facts, requireAgreement } from "./agreement.js";
export { type ConnectOptions, connect, type Engine } from "./connect.js";
export { gatherParts } from "./gather-parts.js";
export { gatherRows } from "./gather-rows.js";
export { type Host, type LaunchLine, type LaunchOptions, launchLine } from "./launch-line.js";
export { type Launcher, launcherOf, withoutLauncher } from "./launcher.js";
export { ABORT_CODE, type MpiCommunicator, type MpiOptions, mpiCommunicator } from "./mpi/mpi-communicator.js";
export { type StatisticsOfRanks, synchroniseStatistics } from "./synchronise-statistics.js";
export { type Watchdog, type WatchdogOptions, watchdog } from "./watchdog.js";
