import { BackendError } from "@simclr/core";
import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import * as tf from "@tensorflow/tfjs-core";
import type { DawnEvents } from "./dawn-events.js";
import { DeviceErrors } from "./device-errors.js";

/** What helps where a kernel is too large for the device. */
const SMALLER = "Use a smaller batch, image or model, or a GPU that allows more";

/**
 * The backend of tfjs-backend-webgpu on a device of ours: every read throws what the device reported since the last one, and
 * tensors can be read synchronously in Node, too. What is larger than the device allows is refused by the limit's name.
 */
export class CheckedWebGPUBackend extends WebGPUBackend {
  readonly errors: DeviceErrors;
  readonly #events: DawnEvents | undefined;

  constructor(device: GPUDevice, events: DawnEvents | undefined, info: GPUAdapterInfo) {
    super(device, info);
    this.errors = new DeviceErrors(device);
    this.#events = events;
  }

  /** @throws BackendError if a kernel failed on the device, or the device is lost */
  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    let values: tf.backend_util.BackendValues;
    try {
      values = await super.read(dataId);
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve)); // a loss is reported by a promise of its own
      this.errors.check();
      throw error;
    }
    this.errors.check();
    return values;
  }

  /**
   * The GPU finishes what it has been given, and the event loop stands still meanwhile. In a browser as tfjs does it.
   *
   * @throws BackendError as `read`, and with another version of the package `webgpu` that cannot be waited for
   */
  override readSync(dataId: object): tf.backend_util.BackendValues {
    const tensor = this.tensorMap.get(dataId);
    // The values are here, or those of two other tensors are.
    const events = this.#events;
    if (events === undefined || tensor.values != null || tensor.dtype === "string" || tensor.dtype === "complex64")
      return super.readSync(dataId);
    const bytes = this.#copyToHost(tensor.resource as GPUBuffer, events);
    this.errors.check();
    tensor.values = tf.util.convertBackendValuesAndArrayBuffer(bytes, tensor.dtype);
    return tensor.values;
  }

  /** @throws BackendError if a tensor or the number of workgroups is beyond a limit of the device */
  override runWebGPUProgram(...args: Parameters<WebGPUBackend["runWebGPUProgram"]>): tf.TensorInfo {
    const [program, inputs] = args;
    for (const shape of [program.outputShape, ...inputs.map((input) => input.shape)]) this.#checkSize(shape);
    try {
      return super.runWebGPUProgram(...args);
    } catch (error) {
      if (!/dispatch size exceeds/i.test((error as Error).message)) throw error;
      throw this.#beyond(
        "maxComputeWorkgroupsPerDimension",
        `of [${program.outputShape}] needs more workgroups`,
        error,
      );
    }
  }

  #checkSize(shape: readonly number[]): void {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    const bytes = 4 * tf.util.sizeFromShape([...shape]);
    if (bytes <= Math.min(maxStorageBufferBindingSize, maxBufferSize)) return;
    const limit = maxBufferSize < maxStorageBufferBindingSize ? "maxBufferSize" : "maxStorageBufferBindingSize";
    throw this.#beyond(limit, `needs a tensor [${shape}] of ${bytes} bytes`);
  }

  #beyond(limit: keyof GPUSupportedLimits, what: string, cause?: unknown): BackendError {
    const kernel = this.errors.kernel || "a kernel";
    return new BackendError(
      `webgpu: ${kernel} ${what}; the device's limit ${limit} is ${this.device.limits[limit]}. ${SMALLER}.`,
      {
        subject: kernel,
        ...(cause !== undefined && { cause }),
      },
    );
  }

  #copyToHost(buffer: GPUBuffer, events: DawnEvents): ArrayBuffer {
    if (!events.canWait)
      throw new BackendError(
        'webgpu: this version of the package "webgpu" cannot be waited for, as a synchronous read must. Install webgpu@0.6.2, or read with `await tensor.data()`.',
        { subject: "webgpu" },
      );
    const { size } = buffer;
    const staging = this.bufferManager.acquireBuffer(size, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
    this.ensureCommandEncoderReady();
    this.endComputePassEncoder();
    this.#encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    this.submitQueue();
    staging.mapAsync(GPUMapMode.READ).catch(() => {}); // a failure shows in the state
    events.waitWhile(() => staging.mapState === "pending");
    if (staging.mapState !== "mapped") {
      this.errors.check();
      throw new BackendError(
        "webgpu: the GPU was lost, or refused a copy to the host, in a synchronous read. What was computed since the last checkpoint is gone; resume from it, and look at the driver's log.",
        { subject: "a copy between the host and the GPU" },
      );
    }
    const bytes = staging.getMappedRange().slice(0);
    staging.unmap();
    this.bufferManager.releaseBuffer(staging);
    return bytes;
  }

  /** tfjs-backend-webgpu 4.22 has it private. */
  get #encoder(): GPUCommandEncoder {
    return (this as unknown as { commandEncoder: GPUCommandEncoder }).commandEncoder;
  }
}
