import type { Command } from "commander";

/** Declares `backend`. What it needs is loaded when it runs. */
export function addBackend(program: Command): void {
  const backend = program
    .command("backend")
    .description("load a backend, check its arithmetic, and say what it runs on")
    .argument("[name]", "auto, onednn, webgpu, tensorflow or cpu", "auto")
    .addHelpText("after", "\nExample:\n  simclr backend onednn")
    .action(async (name: string) => {
      const { backendCommand } = await import("../backend-command.js");
      await backendCommand(name);
    });
  backend
    .command("link-tensorflow")
    .description("compile tfjs-node's addon against the TensorFlow that a Python has, for its CUDA or its CPU kernels")
    .option("--python <program>", "the Python that has TensorFlow", "python3")
    .addHelpText(
      "after",
      `
tfjs-node downloads TensorFlow 2.9, which wants CUDA 11.2. This takes the one that pip installed instead. Linux only; to be done
again when tfjs-node or TensorFlow is installed anew.

Example:
  npm install --ignore-scripts @tensorflow/tfjs-node@4.22.0
  python3 -m venv .venv && .venv/bin/python -m pip install "tensorflow[and-cuda]"
  simclr backend link-tensorflow --python .venv/bin/python
  simclr backend tensorflow`,
    )
    .action(async ({ python }: { python: string }) => {
      const { linkTensorflowCommand } = await import("../backend-command.js");
      linkTensorflowCommand(python);
    });
}
