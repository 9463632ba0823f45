import { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import { DeviceErrors } from "./device-errors.js";

/** The backend of tfjs-backend-webgpu on a device of ours: every read throws what the device reported since the last one. */
export class CheckedWebGPUBackend extends WebGPUBackend {
  readonly errors: DeviceErrors;

  constructor(device: GPUDevice, info: GPUAdapterInfo) {
    super(device, info);
    this.errors = new DeviceErrors(device);
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
}
