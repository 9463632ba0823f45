export { type DistillationOptions, distillation } from "./distillation.js";
