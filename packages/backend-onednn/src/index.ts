export { OnednnBackend, type OutputSpec } from "./backend.js";
export { type KernelCalls, kernelCalls } from "./kernel-calls.js";
export { loadBinding, onednnInfo, onednnMemory, setThreads, type ThreadOptions, whyNot } from "./loader.js";
export type { Binding, NativeInfo, NativeMemory } from "./native.js";
export { getPrecision, type Precision, setPrecision } from "./precision.js";
export {
  type KernelProfile,
  type OnednnProfile,
  type ProfileOptions,
  profileOnednn,
  startOnednnProfile,
} from "./profile.js";
export { type ProfileTableOptions, profileTable } from "./profile-table.js";
export { BACKEND_NAME, type RegisterOptions, registerOnednnBackend } from "./register-backend.js";
export { setWinograd } from "./winograd.js";
