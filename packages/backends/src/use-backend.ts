import "@simclr/ops/register";
import { BackendError, checkChoice } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import { AUTO_ATTEMPTS, AUTO_ORDER, type BackendName, type BackendOptions, candidates } from "./candidates.js";
import { selfTest } from "./self-test.js";

/** A backend that was tried and not taken. */
export interface Attempt {
  readonly name: BackendName;
  readonly reason: string;
}

export interface BackendReport {
  readonly name: BackendName;
  /** What it runs on: library, instruction set, device, threads. */
  readonly details: string;
  /** What `auto` tried before, and why it went on. */
  readonly tried: readonly Attempt[];
}

const REMEDY: Readonly<Record<BackendName, string>> = {
  onednn: "`simclr backend` tells more, and --backend cpu runs without it",
  tensorflow:
    "Install it with `npm install @tensorflow/tfjs-node-gpu@4.22.0`, or link it to a TensorFlow of pip with `simclr backend link-tensorflow`, or choose --backend onednn",
  webgpu: "It needs `npm install webgpu@0.6.2` and a GPU with its driver; --backend onednn runs without",
  cpu: "Install it with `npm install @tensorflow/tfjs-backend-cpu@4.22.0`",
};

/**
 * Loads a backend, makes it tfjs-core's current one, registers the gradients and checks its arithmetic against plain
 * loops.
 *
 * `auto` takes the first that works of: tfjs-node-gpu with a real GPU, webgpu with a real GPU, onednn, tfjs-node on the CPU, cpu. A
 * backend that is named never falls back to another.
 *
 * @throws BackendError if the named backend (or, for `auto`, every one) cannot be loaded or computes wrong numbers;
 * the message says why and what helps.
 */
export async function useBackend(
  name: BackendName | "auto" = "auto",
  options: BackendOptions = {},
): Promise<BackendReport> {
  checkChoice("useBackend", { name }, ["auto", ...AUTO_ORDER]);
  tf.env().set("PROD", true); // silences tfjs-core's advice about Node
  const attempts = name === "auto" ? AUTO_ATTEMPTS : [{ name, needsGpu: false }];
  const tried: Attempt[] = [];
  for (const { name: candidate, needsGpu } of attempts) {
    try {
      const details = await candidates[candidate].load(options, needsGpu);
      const wrong = await selfTest();
      if (wrong !== undefined) throw new Error(`it computes wrong numbers: ${wrong}`);
      return { name: candidate, details, tried };
    } catch (error) {
      const reason = (error as Error).message;
      if (name !== "auto")
        throw new BackendError(`The backend "${candidate}" cannot be used: ${trim(reason)}. ${REMEDY[candidate]}.`, {
          subject: candidate,
          cause: error,
        });
      if (!tried.some((other) => other.name === candidate && other.reason === reason))
        tried.push({ name: candidate, reason });
    }
  }
  const reasons = tried.map(({ name: each, reason }) => `${each}: ${trim(reason)}`).join("; ");
  throw new BackendError(`No backend can be used. ${reasons}.`, { subject: "auto" });
}

const trim = (text: string): string => text.replace(/\.\s*$/, "");
