// The backends that can be run, by name. Each function registers one, and may give back what it tells of its kernels.
export const backends = {
  onednn: async () => {
    const { kernelCalls, registerOnednnBackend } = await import("@simclr/backend-onednn");
    registerOnednnBackend();
    return { kernelCalls };
  },
  cpu: async () => {
    await import("@tensorflow/tfjs-backend-cpu"); // registers itself
    return {};
  },
};

/** Backends that exist and cannot be run here, with the reason. */
export const refusedBackends = {
  webgpu: "it needs a GPU device, which this runner does not open",
};
