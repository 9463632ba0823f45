export { checkHook, type HookCheckOptions, type HookPromise } from "./check-hook.js";
