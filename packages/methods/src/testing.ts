export { checkMethod, type MethodCheck, type MethodPromise } from "./check-method.js";
