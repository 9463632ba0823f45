import { BackendError } from "@simclr/core";
import { DawnEvents } from "./dawn-events.js";
import { isNode, openGpu } from "./gpu-source.js";

/** Which adapter to take, and on what terms. */
export interface DeviceOptions {
  /** Part of the adapter's name, case-sensitive; without it the first one of high performance. */
  readonly adapter?: string;
  /** Whether a driver that computes on the CPU will do. @defaultValue true */
  readonly allowSoftware?: boolean;
}

/** A device with the adapter it came from. */
export interface OpenDevice {
  readonly gpu: GPU;
  readonly device: GPUDevice;
  /** Undefined in a browser, where nobody can wait. */
  readonly events: DawnEvents | undefined;
  readonly info: GPUAdapterInfo;
  readonly isSoftware: boolean;
}

/** tfjs leaves the storage buffers of a shader at 8; these are taken as the adapter has them. */
const LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeInvocationsPerWorkgroup",
] as const;

const FEATURES: readonly GPUFeatureName[] = ["timestamp-query", "shader-f16", "subgroups"];

/**
 * Opens a device with the limits of its adapter.
 *
 * @throws BackendError if there is no adapter, none of that name, or only a software one where that is not allowed
 */
export async function openDevice({ adapter: name, allowSoftware = true }: DeviceOptions = {}): Promise<OpenDevice> {
  const { gpu, advice } = await openGpu(name);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" }).catch((error: Error) => {
    throw new BackendError(`no adapter${name === undefined ? "" : ` "${name}"`}: ${error.message}`, { cause: error });
  });
  if (adapter === null)
    throw new BackendError(`WebGPU finds no GPU on this machine. ${advice}.`, { subject: "adapter" });
  const isSoftware = adapter.info.isFallbackAdapter;
  if (isSoftware && !allowSoftware)
    throw new BackendError(
      `the only adapter, ${describeAdapter(adapter.info)}, computes on the CPU, slower than other backends do; name the backend to use it all the same`,
      { subject: "adapter" },
    );
  const request = () =>
    adapter.requestDevice({
      requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(LIMITS.map((limit) => [limit, adapter.limits[limit]])),
    });
  const events = isNode() ? new DawnEvents() : undefined;
  const device = await (events === undefined ? request() : events.learn(request));
  return { gpu, device, events, info: adapter.info, isSoftware };
}

/** Name and driver, as far as the adapter tells. */
export function describeAdapter({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  const parts = [vendor, architecture].filter(Boolean).join(" ");
  return description || device
    ? `${device || description} (${[parts, device ? description : ""].filter(Boolean).join(", ")})`
    : parts;
}
