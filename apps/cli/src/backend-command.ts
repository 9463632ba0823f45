import { type BackendName, useBackend } from "@simclr/backends";

/** `simclr backend [name]` */
export async function backendCommand(name: string): Promise<void> {
  const { name: chosen, details, tried } = await useBackend(name as BackendName | "auto");
  for (const { name: passed, reason } of tried) process.stderr.write(`not ${passed}: ${reason}\n`);
  process.stdout.write(`${chosen}: ${details}; its arithmetic is right\n`);
}
