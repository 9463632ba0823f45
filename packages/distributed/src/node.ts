export { type ConnectOptions, connect, type Engine } from "./connect.js";
export { type Host, type LaunchLine, type LaunchOptions, launchLine } from "./launch-line.js";
export { type Launcher, launcherOf, withoutLauncher } from "./launcher.js";
export { ABORT_CODE, type MpiCommunicator, type MpiOptions, mpiCommunicator } from "./mpi/mpi-communicator.js";
export { type Watchdog, type WatchdogOptions, watchdog } from "./watchdog.js";
