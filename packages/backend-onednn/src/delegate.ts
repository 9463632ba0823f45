import { createRequire } from "node:module";
import type { MathBackendCPU } from "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import type { KernelCall, KernelResult } from "./kernel.js";

type CpuModule = typeof import("@tensorflow/tfjs-backend-cpu");

const require = createRequire(import.meta.url);
let cpuModule: CpuModule | undefined;

/** Loads tfjs's cpu backend, which registers itself, when a kernel of it is needed: many programs never do. */
function loadCpu(): CpuModule {
  cpuModule ??= require("@tensorflow/tfjs-backend-cpu") as CpuModule;
  return cpuModule;
}

/** Runs tfjs's cpu kernel: copies the operands to the host and the results back. */
export function delegate(kernelName: string, { inputs, attrs, backend }: KernelCall): KernelResult {
  const { MathBackendCPU } = loadCpu();
  const kernel = tf.getKernel(kernelName, "cpu");
  if (!kernel) throw new Error(`oneDNN backend: no cpu kernel ${kernelName} for these operands.`);
  const cpu = new MathBackendCPU(); // holds this call's temporaries and goes with them
  const sent = new Map<tf.DataId, tf.TensorInfo>();
  const send = (info: tf.TensorInfo): tf.TensorInfo => {
    if (!info) return info; // optional operands are null or undefined
    if (Array.isArray(info)) return info.map(send) as unknown as tf.TensorInfo; // AddN, Concat, Pack
    let copy = sent.get(info.dataId);
    if (!copy) {
      const parts = backend.complexParts(info);
      copy = parts
        ? cpuComplex(cpu, send(parts.real), send(parts.imag))
        : cpu.makeTensorInfo(info.shape, info.dtype, backend.readSync(info.dataId) as tf.TypedArray);
      sent.set(info.dataId, copy);
    }
    // Some cpu kernels read `rank`, which tensors have and infos do not.
    return { ...copy, shape: info.shape, rank: info.shape.length } as tf.TensorInfo;
  };
  const receive = (info: tf.TensorInfo): tf.TensorInfo => {
    for (const [dataId, copy] of sent) {
      if (copy.dataId === info.dataId) return backend.alias({ dataId, shape: info.shape, dtype: info.dtype });
    }
    const parts = cpu.data.get(info.dataId).complexTensorInfos;
    if (parts) {
      return backend.makeComplex(cpu.readSync(parts.real.dataId), cpu.readSync(parts.imag.dataId), info.shape);
    }
    return backend.makeTensorInfo(info.shape, info.dtype, cpu.readSync(info.dataId));
  };
  const operands = Array.isArray(inputs)
    ? inputs.map(send)
    : Object.fromEntries(Object.entries(inputs).map(([name, info]) => [name, send(info as tf.TensorInfo)]));
  const results = kernel.kernelFunc({
    inputs: operands as tf.NamedTensorInfoMap,
    attrs: attrs as tf.NamedAttrMap,
    backend: cpu,
  });
  return Array.isArray(results) ? results.map(receive) : receive(results as tf.TensorInfo);
}

function cpuComplex(cpu: MathBackendCPU, real: tf.TensorInfo, imag: tf.TensorInfo): tf.TensorInfo {
  const inputs = { real, imag };
  return tf.getKernel("Complex", "cpu")!.kernelFunc({ inputs, attrs: {}, backend: cpu }) as tf.TensorInfo;
}
