import { type BackendName, backendFacts, describeBackend, linkTensorflow, useBackend } from "@simclr/backends";

/** Before what `simclr backend` says besides the first line; `doctor` reads it. */
export const FACT_INDENT = "  ";

/** `simclr backend [name]` */
export async function backendCommand(name: string): Promise<void> {
  const { name: chosen, details, tried } = await useBackend(name as BackendName | "auto");
  for (const { name: passed, reason } of tried) process.stderr.write(`not ${passed}: ${reason}\n`);
  process.stdout.write(`${chosen}: ${details}; its arithmetic is right\n`);
  for (const [fact, words] of Object.entries(backendFacts(describeBackend())))
    process.stdout.write(`${FACT_INDENT}${fact}: ${words}\n`);
}

/** `simclr backend link-tensorflow` */
export function linkTensorflowCommand(python: string): void {
  process.stderr.write(`linking tfjs-node to the TensorFlow of ${python}\n`);
  const { package: name, version, libraries, usesGpu } = linkTensorflow({ python });
  const device = usesGpu ? "computes on a CUDA GPU" : "computes on the CPU: it found no GPU that it can use";
  process.stdout.write(`${name} is linked to TensorFlow ${version} of ${libraries}, and ${device}\n`);
}
