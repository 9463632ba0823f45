export { checkEncoder, type EncoderCheck } from "./check-encoder.js";
export { checkHead, type HeadCheck } from "./check-head.js";
export type { ModulePromise } from "./check-module.js";
