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
    // Not imported, so that bundles for browsers, which never come here, need no such modules.
    const { createRequire } = process.getBuiltinModule("node:module");
    const { pathToFileURL } = process.getBuiltinModule("node:url");
    const url = pathToFileURL(createRequire(import.meta.url).resolve("webgpu")).href;
    dawn = (await import(/* webpackIgnore: true */ /* @vite-ignore */ url)) as DawnModule;
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
