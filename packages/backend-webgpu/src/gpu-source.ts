import { BackendError } from "@simclr/core";
import { loadDawn } from "./dawn.js";

/** Where adapters come from, and what to do where there are none. */
export interface GpuSource {
  readonly gpu: GPU;
  /** What to do where no adapter is found; a sentence without its full stop. */
  readonly advice: string;
}

const DRIVER_ADVICE: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux:
    "Install libvulkan1 and the Vulkan driver of the GPU's maker; in a container of NVIDIA's, NVIDIA_DRIVER_CAPABILITIES must include graphics; WSL2 has no Vulkan for NVIDIA: run Node on Windows there",
  win32: "Update the graphics driver; Direct3D 12 is needed",
  darwin: "Metal is needed: macOS 12 or later on a Mac that has it",
};

const BROWSER_ADVICE =
  "Turn on hardware acceleration in the browser's settings and update the graphics driver, or take the backend webgl";

/** Whether this is Node.js, whose GPUs Dawn reaches, and not a browser, its worker or a page of Electron's. */
export function isNode(): boolean {
  return typeof process === "object" && typeof process.getBuiltinModule === "function" && !("window" in globalThis);
}

/**
 * WebGPU of this program: Dawn in Node.js, `navigator.gpu` in a browser.
 *
 * @param adapter - Part of the name of the only adapter to offer; a browser does not offer the choice.
 * @throws BackendError if there is no WebGPU, or no adapter of that name.
 */
export async function openGpu(adapter: string | undefined): Promise<GpuSource> {
  return isNode() ? openDawn(adapter) : openBrowserGpu(adapter);
}

async function openDawn(adapter: string | undefined): Promise<GpuSource> {
  const { create } = await loadDawn();
  const advice = DRIVER_ADVICE[process.platform] ?? "Install the driver of the GPU";
  const options = adapter === undefined ? [] : [`adapter=${adapter}`];
  try {
    return { gpu: create(["disable-dawn-features=timestamp_quantization", ...options]), advice };
  } catch (error) {
    throw new BackendError(`no adapter "${adapter}": ${(error as Error).message}`, {
      subject: "adapter",
      cause: error,
    });
  }
}

function openBrowserGpu(adapter: string | undefined): GpuSource {
  if (adapter !== undefined)
    throw new BackendError(
      `no adapter "${adapter}": a browser chooses the adapter itself; expected no \`adapter\`. Leave it out.`,
      { subject: "adapter", expected: "no `adapter`", received: adapter },
    );
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined)
    throw new BackendError(
      "this browser has no WebGPU, or hides it from pages that do not come over https or from localhost. Take another browser or address, or the backend webgl.",
      { subject: "navigator.gpu" },
    );
  return { gpu, advice: BROWSER_ADVICE };
}
