import { createRequire } from "node:module";
import { cpus } from "node:os";
import { onednnInfo, onednnMemory } from "@simclr/backend-onednn";
import { BackendError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { BackendName } from "./candidates.js";

/** What the current backend computes on, and with what: for a report of a problem, and for the record of a run. */
export interface BackendDescription {
  readonly name: BackendName;
  /** The GPU, or the processor. */
  readonly device: string;
  /** Of a GPU, as the driver calls itself. */
  readonly driver?: string;
  /** Whether a GPU computes, rather than the processor. */
  readonly isGpu: boolean;
  /** Versions of what computes, by package or library. */
  readonly versions: Readonly<Record<string, string>>;
  readonly memory: BackendMemory;
}

/** Bytes, as they are now. */
export interface BackendMemory {
  /** Of live tensors. */
  readonly tensors: number;
  /** Taken for tensors from the GPU or the system, with what is kept for reuse; absent where the backend does not tell. */
  readonly reserved?: number;
  /** Of the largest tensor that can be; absent where only memory bounds it. */
  readonly largestTensor?: number;
}

/**
 * Describes tfjs-core's current backend.
 *
 * @throws BackendError if that is none of those that `useBackend` knows
 */
export function describeBackend(): BackendDescription {
  const name = tf.getBackend();
  if (!Object.hasOwn(describers, name))
    throw new BackendError(
      `describeBackend: the current backend, "${name}", is not known. Choose one with useBackend first: ${Object.keys(describers).join(", ")}.`,
      { subject: name, expected: Object.keys(describers).join(", "), received: name },
    );
  const { versions, ...rest } = describers[name as BackendName]();
  return {
    name: name as BackendName,
    ...rest,
    versions: { "@tensorflow/tfjs-core": tf.version_core, ...versions },
  };
}

/** What `describeBackend` gives, in words for people: device, driver, versions, memory. */
export function backendFacts({
  device,
  driver,
  versions,
  memory,
}: BackendDescription): Readonly<Record<string, string>> {
  const { tensors, reserved, largestTensor } = memory;
  return {
    device,
    ...(driver !== undefined && { driver }),
    versions: Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    "tensor memory": [
      `${megabytes(tensors)} in tensors`,
      ...(reserved === undefined ? [] : [`${megabytes(reserved)} taken`]),
      ...(largestTensor === undefined ? [] : [`one tensor at most ${megabytes(largestTensor)}`]),
    ].join(", "),
  };
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString("en")} MB`;

type Found = Omit<BackendDescription, "name">;

const describers: Readonly<Record<BackendName, () => Found>> = {
  onednn: () => {
    const { version, isa, ownIsa } = onednnInfo();
    return {
      device: processor(),
      isGpu: false,
      versions: { oneDNN: version, "instruction set": `${isa} (own kernels: ${ownIsa})` },
      memory: { tensors: tf.memory().numBytes, reserved: onednnMemory().reservedBytes },
    };
  },
  tensorflow: () => {
    const { isUsingGpuDevice = false, binding } = tf.backend() as unknown as {
      isUsingGpuDevice?: boolean;
      binding?: { TF_Version?: string };
    };
    return {
      device: isUsingGpuDevice ? "a CUDA GPU" : processor(),
      isGpu: isUsingGpuDevice,
      versions: { TensorFlow: binding?.TF_Version ?? "unknown" },
      memory: { tensors: tf.memory().numBytes },
    };
  },
  webgpu: () => {
    const { device } = tf.backend() as unknown as { readonly device: WebgpuDevice };
    const { vendor, architecture, device: name, description, isFallbackAdapter } = device.adapterInfo;
    const { numBytes, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & { numBytesAllocatedInGPU: number };
    const maker = [vendor, architecture].filter(Boolean).join(" ");
    return {
      device: name ? `${name} (${maker})` : maker,
      ...(description && { driver: description }),
      isGpu: !isFallbackAdapter,
      versions: packageVersions(["webgpu", "@tensorflow/tfjs-backend-webgpu"]),
      memory: {
        tensors: numBytes,
        reserved: numBytesAllocatedInGPU,
        largestTensor: device.limits.maxStorageBufferBindingSize,
      },
    };
  },
  cpu: () => ({
    device: processor(),
    isGpu: false,
    versions: { "Node.js": process.versions.node },
    memory: { tensors: tf.memory().numBytes },
  }),
};

/** What is read of a GPUDevice; its types come with a package that only the webgpu backend needs. */
interface WebgpuDevice {
  readonly adapterInfo: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter: boolean;
  };
  readonly limits: { readonly maxStorageBufferBindingSize: number };
}

function processor(): string {
  const [first] = cpus();
  return `${first?.model.trim() ?? "unknown processor"}, ${cpus().length} cores`;
}

/** Of the packages that the webgpu backend loads, as far as they say it. */
function packageVersions(names: readonly string[]): Record<string, string> {
  const backend = createRequire(import.meta.url).resolve("@simclr/backend-webgpu/package.json");
  const require = createRequire(backend);
  return Object.fromEntries(
    names.map((name) => {
      const { version } = require(`${name}/package.json`) as { version: string };
      return [name, version];
    }),
  );
}
