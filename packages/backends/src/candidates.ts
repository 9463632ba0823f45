import { existsSync, readdirSync } from "node:fs";
import { onednnInfo, type Precision, registerOnednnBackend, setPrecision } from "@simclr/backend-onednn";
import * as tf from "@tensorflow/tfjs-core";
import { allowExplicitPadding } from "./tensorflow/explicit-padding.js";
import { findTfjsNode, TFJS_NODE_PACKAGES } from "./tensorflow/tfjs-node.js";

/** What a user may ask for. */
export type BackendName = "onednn" | "tensorflow" | "webgpu" | "cpu";

export interface BackendOptions {
  /** Threads of the onednn backend. @defaultValue all cores that the process may use */
  readonly threads?: number;
  /** Arithmetic of convolutions and matrix products on onednn. @defaultValue "float32" */
  readonly precision?: Precision;
}

/** One way to compute. `load` registers and selects it, and tells what it really runs on; it throws with a reason. */
export interface Candidate {
  readonly name: BackendName;
  /** @param needsGpu - Whether a real GPU is asked for: without one it throws. */
  readonly load: (options: BackendOptions, needsGpu: boolean) => Promise<string>;
}

async function select(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`tfjs-core could not initialise the backend "${name}"`);
  await tf.ready();
}

function refusePrecision(name: BackendName, { precision }: BackendOptions): void {
  if (precision === "bfloat16")
    throw new Error(`the backend "${name}" computes in float32 only; bfloat16 needs "onednn"`);
}

const onednn: Candidate = {
  name: "onednn",
  async load({ threads, precision = "float32" }) {
    registerOnednnBackend(threads === undefined ? {} : { threads });
    setPrecision(precision);
    await select("onednn");
    const info = onednnInfo();
    const slow =
      precision === "bfloat16" && !info.bfloat16
        ? " (to save memory: without AVX512-BF16 a tenth slower than float32)"
        : "";
    return `oneDNN ${info.version}, ${info.isa}, ${info.threads} threads, ${precision}${slow}`;
  },
};

/** Loads tfjs-node-gpu or tfjs-node, whichever the user has installed, and says which device it found. */
const tensorflow: Candidate = {
  name: "tensorflow",
  async load(options, needsGpu) {
    refusePrecision("tensorflow", options);
    const reasons: string[] = [];
    for (const id of TFJS_NODE_PACKAGES) {
      try {
        findTfjsNode(id).load();
      } catch (error) {
        reasons.push(`${id}: ${(error as Error).message.split("\n")[0]}`);
        continue;
      }
      if (tf.findBackendFactory("tensorflow") == null)
        throw new Error(`${id} belongs to another copy of @tensorflow/tfjs-core: install both in one project`);
      allowExplicitPadding();
      await select("tensorflow");
      const backend = tf.backend() as unknown as { isUsingGpuDevice?: boolean; binding?: { TF_Version?: string } };
      const device = backend.isUsingGpuDevice ? "a CUDA GPU" : "the CPU";
      if (needsGpu && !backend.isUsingGpuDevice)
        throw new Error(`${id} loads, but runs on the CPU: it found no CUDA GPU`);
      return `${id} on ${device}, TensorFlow ${backend.binding?.TF_Version ?? "unknown"}`;
    }
    throw new Error(reasons.join("; "));
  },
};

/** Any GPU through Dawn; a driver that computes on the CPU only where no GPU is asked for. */
const webgpu: Candidate = {
  name: "webgpu",
  async load(options, needsGpu) {
    refusePrecision("webgpu", options);
    const missing = needsGpu ? missingGpuDevice() : undefined;
    if (missing !== undefined) throw new Error(missing);
    // Loads 160 kernels, which only this candidate needs.
    const { registerWebgpuBackend } = await import("@simclr/backend-webgpu");
    const info = await registerWebgpuBackend({ allowSoftware: !needsGpu });
    await select("webgpu");
    const software = info.isSoftware ? ", a driver that computes on the CPU: for tests" : "";
    return `WebGPU on ${info.adapter}, float32${software}`;
  },
};

/** Why there can be no GPU here, from files alone: without one Dawn and the Vulkan loader would print warnings. */
function missingGpuDevice(): string | undefined {
  if (process.platform !== "linux") return undefined;
  const files = existsSync("/dev/dri") ? readdirSync("/dev/dri") : [];
  if (files.some((file) => file.startsWith("renderD")) || existsSync("/dev/nvidia0")) return undefined;
  return "there is no GPU: neither /dev/dri/renderD* nor /dev/nvidia0 exists";
}

const cpu: Candidate = {
  name: "cpu",
  async load(options) {
    refusePrecision("cpu", options);
    await import("@tensorflow/tfjs-backend-cpu");
    await select("cpu");
    return "tfjs in plain JavaScript: right, and about a thousand times slower than onednn";
  },
};

export const candidates: Readonly<Record<BackendName, Candidate>> = { onednn, tensorflow, webgpu, cpu };

/** All of them, in the order in which `auto` first tries them. */
export const AUTO_ORDER: readonly BackendName[] = ["tensorflow", "webgpu", "onednn", "cpu"];

/** One try of `auto`: a backend, and whether only a real GPU will do. */
export const AUTO_ATTEMPTS: readonly { readonly name: BackendName; readonly needsGpu: boolean }[] = [
  { name: "tensorflow", needsGpu: true },
  { name: "webgpu", needsGpu: true },
  { name: "onednn", needsGpu: false },
  { name: "tensorflow", needsGpu: false },
  { name: "cpu", needsGpu: false },
];
