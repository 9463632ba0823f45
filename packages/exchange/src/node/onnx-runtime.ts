type OnnxRuntime = typeof import("onnxruntime-node");

/** Loads the optional peer onnxruntime-node. @returns The reason, where it cannot be loaded. */
export async function loadOnnxRuntime(): Promise<OnnxRuntime | string> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ERR_MODULE_NOT_FOUND"
      ? "onnxruntime-node is not installed: npm install onnxruntime-node"
      : `onnxruntime-node cannot be loaded: ${message}`;
  }
}
