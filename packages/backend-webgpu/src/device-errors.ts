import { BackendError } from "@simclr/core";

/** What the device reported, and the kernel that was being recorded then. */
interface Failure {
  readonly kernel: string;
  readonly error: { readonly message: string };
  readonly kind: "validation" | "memory" | "internal" | "lost";
}

const ADVICE: Readonly<Record<Failure["kind"], string>> = {
  validation: "The kernel asks for more than the device's limits allow; use a smaller batch, image or model",
  memory: "Use a smaller batch, or a GPU with more memory",
  internal: "Update the GPU's driver, or choose another backend",
  lost: "What was computed since the last checkpoint is gone; resume from it, and look at the driver's log",
};

/**
 * Collects what a WebGPU device reports by event only: validation errors, memory that it could not give, its loss. Without
 * this, a kernel that failed leaves zeros or stale memory behind, and the program goes on.
 */
export class DeviceErrors {
  /** Name of the kernel that is being recorded; Dawn reports an error during the call that causes it. */
  kernel = "";
  #failure: Failure | undefined;

  constructor(device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault(); // Dawn would print it to stdout
      this.#add(kindOf(event.error), event.error);
    });
    void device.lost.then((info) => {
      this.#add("lost", info);
    });
  }

  /** @throws BackendError naming the kernel, if the device has reported anything; forgets it, unless the device is lost. */
  check(): void {
    const failure = this.#failure;
    if (failure === undefined) return;
    if (failure.kind !== "lost") this.#failure = undefined;
    const where = failure.kernel === "" ? "a copy between the host and the GPU" : failure.kernel;
    const message = failure.error.message.split("\n")[0]!.replace(/\.\s*$/, "");
    const what = failure.kind === "lost" ? "The GPU was lost" : `webgpu: ${where} failed (${failure.kind})`;
    throw new BackendError(`${what}: ${message}. ${ADVICE[failure.kind]}.`, {
      subject: where,
      cause: failure.error,
    });
  }

  #add(kind: Failure["kind"], error: { readonly message: string }): void {
    // The first is the cause; loss outlasts it.
    if (this.#failure === undefined || kind === "lost") this.#failure = { kind, error, kernel: this.kernel };
  }
}

function kindOf(error: GPUError): Failure["kind"] {
  const name = error.constructor.name;
  if (name === "GPUOutOfMemoryError") return "memory";
  return name === "GPUValidationError" ? "validation" : "internal";
}
