import { delegate } from "./delegate.js";
import type { KernelCall, KernelResult, NativeKernel } from "./kernel.js";
import { callsOf } from "./kernel-calls.js";
import { isProfiling, runProfiled } from "./profile.js";

/**
 * Runs a call in the addon, or, where there is no kernel or it does not accept the call, in tfjs's cpu backend. Every
 * kernel of the backend starts here.
 */
export function dispatch(name: string, kernel: NativeKernel | undefined, call: KernelCall): KernelResult {
  const accepting = kernel && (!kernel.accepts || kernel.accepts(call)) ? kernel : undefined;
  if (isProfiling()) return runProfiled(name, accepting, call, () => run(name, accepting, call));
  return run(name, accepting, call);
}

function run(name: string, kernel: NativeKernel | undefined, call: KernelCall): KernelResult {
  const calls = callsOf(name);
  if (kernel) {
    calls.native++;
    return kernel.run(call);
  }
  calls.host++;
  return delegate(name, call);
}
