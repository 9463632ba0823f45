// The command on backends that must fail: `broken-exp` is tfjs's cpu but for an Exp that gives Infinity where NaN belongs,
// `absent` cannot be made (and cpu is there to fall back to).
import { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { main } from "../main.mjs";

async function registerBrokenExp() {
  tf.registerBackend("broken-exp", () => new MathBackendCPU());
  tf.copyRegisteredKernels("cpu", "broken-exp");
  tf.unregisterKernel("Exp", "broken-exp");
  tf.registerKernel({ kernelName: "Exp", backendName: "broken-exp", kernelFunc: exp });
  return {};
}

function exp({ inputs: { x }, backend }) {
  const values = Float32Array.from(backend.readSync(x.dataId), Math.exp);
  const wrong = values.map((value) => (Number.isNaN(value) ? Number.POSITIVE_INFINITY : value));
  return backend.makeTensorInfo(x.shape, "float32", wrong);
}

async function registerAbsent() {
  tf.registerBackend("absent", () => {
    throw new Error("no device");
  });
  return {};
}

process.exitCode = await main(process.argv.slice(2), { "broken-exp": registerBrokenExp, absent: registerAbsent });
