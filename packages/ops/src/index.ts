export { hasNamedKernel, runNamedKernel } from "./named-kernel.js";
