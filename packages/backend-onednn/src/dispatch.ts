import { delegate } from "./delegate.js";
import type { KernelCall, KernelResult, NativeKernel } from "./kernel.js";
import type { KernelCounter } from "./kernel-calls.js";
import { explainFault } from "./native-fault.js";
import { isProfiling, runProfiled } from "./profile.js";

/**
 * Runs a call in the addon, or, where there is no kernel or it does not accept the call, in tfjs's cpu backend. Every
 * kernel of the backend starts here.
 *
 * @param calls - The kernel's own counter, looked up once when it was registered.
 */
export function dispatch(
  name: string,
  kernel: NativeKernel | undefined,
  call: KernelCall,
  calls: KernelCounter,
): KernelResult {
  const accepting = kernel && (!kernel.accepts || kernel.accepts(call)) ? kernel : undefined;
  if (accepting) calls.native++;
  else calls.host++;
  if (isProfiling()) return runProfiled(name, accepting, call, () => run(name, accepting, call));
  return run(name, accepting, call);
}

function run(name: string, kernel: NativeKernel | undefined, call: KernelCall): KernelResult {
  if (!kernel) return delegate(name, call);
  try {
    return kernel.run(call);
  } catch (error) {
    throw explainFault(name, call, error);
  }
}
