import { registerWebgpuBackend } from "@simclr/backend-webgpu";
import { BackendError, isSimclrError } from "@simclr/core";
import type { MathBackendWebGL } from "@tensorflow/tfjs-backend-webgl";
import "@tensorflow/tfjs-backend-webgl";
import * as tf from "@tensorflow/tfjs-core";
import type { BackendName, Settings } from "../messages.js";

export interface ChosenBackend {
  readonly name: BackendName;
  readonly device: string;
  /** Why this one. */
  readonly why: string;
}

let chosen: { readonly wanted: Settings["backend"]; readonly backend: ChosenBackend } | undefined;

/**
 * Selects a backend: the one named, or else webgpu on a real GPU, and webgl where there is none. The second call with the same
 * name goes on with what the first one chose.
 *
 * @throws BackendError if the one named, or none, can be used here.
 */
export async function chooseBackend(wanted: Settings["backend"]): Promise<ChosenBackend> {
  if (chosen?.wanted === wanted) return chosen.backend;
  const backend =
    wanted === "webgpu"
      ? await webgpu(true, "chosen by you")
      : wanted === "webgl"
        ? await webgl("chosen by you")
        : await automatic();
  chosen = { wanted, backend };
  return backend;
}

async function automatic(): Promise<ChosenBackend> {
  try {
    return await webgpu(false, "WebGPU reaches a GPU here, and trains fastest");
  } catch (error) {
    if (!isSimclrError(error)) throw error;
    return webgl(`not WebGPU: ${error.message}`);
  }
}

async function webgpu(allowSoftware: boolean, why: string): Promise<ChosenBackend> {
  const { adapter, isSoftware } = await registerWebgpuBackend({ allowSoftware });
  if (!(await tf.setBackend("webgpu")))
    throw new BackendError("webgpu: the device was opened, but tfjs cannot use it.");
  return { name: "webgpu", device: isSoftware ? `${adapter}, computed by the processor` : adapter, why };
}

async function webgl(why: string): Promise<ChosenBackend> {
  const usable = tf.env().getNumber("WEBGL_VERSION") === 2 && tf.env().getBool("WEBGL_RENDER_FLOAT32_CAPABLE");
  if (!usable || !(await tf.setBackend("webgl")))
    throw new BackendError(
      `this browser cannot train: it has no WebGL 2 that computes in 32 bits (${why}). Turn on hardware acceleration, or take another browser.`,
      { subject: "webgl" },
    );
  const { gl } = (tf.backend() as MathBackendWebGL).gpgpu;
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  return { name: "webgl", device: String(gl.getParameter(named?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER)), why };
}
