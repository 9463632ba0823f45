import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { BackendError } from "@simclr/core";

/** The npm package that brings Dawn, Chromium's WebGPU, to Node. */
interface DawnModule {
  create(options: string[]): GPU;
  readonly globals: Readonly<Record<string, unknown>>;
}

let loaded: Promise<DawnModule> | undefined;

/**
 * The package `webgpu`, with its classes and constants (`GPUBufferUsage`, ...) made global, as tfjs expects them.
 *
 * @throws BackendError if it is not installed or its native part does not load
 */
export function loadDawn(): Promise<DawnModule> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<DawnModule> {
  let dawn: DawnModule;
  try {
    const path = createRequire(import.meta.url).resolve("webgpu");
    dawn = (await import(pathToFileURL(path).href)) as DawnModule;
  } catch (error) {
    loaded = undefined;
    const reason = (error as Error).message.split("\n")[0];
    throw new BackendError(`the package "webgpu" cannot be loaded: ${reason}. Install it: npm install webgpu@0.6.2.`, {
      subject: "webgpu",
      cause: error,
    });
  }
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return dawn;
}
