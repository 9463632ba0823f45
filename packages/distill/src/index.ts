export { type DistillationOptions, distillation } from "./distillation.js";
export { cachedTeacher, ensemble, ensembleLogits, type Teacher } from "./teacher.js";
