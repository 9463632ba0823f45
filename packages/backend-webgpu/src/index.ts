export type { DeviceOptions } from "./device.js";
export { registerWebgpuBackend, type WebgpuInfo } from "./register-backend.js";
