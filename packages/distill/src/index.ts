export { type DistillationOptions, distillation } from "./distillation.js";
export { cachedTeacher, ensemble, type Teacher } from "./teacher.js";
