import { afterEach, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "./register-backend.js";
import { hasTestDevice, NEEDS_DEVICE } from "./testing.js";

const real = process.platform;

function pretend(platform: NodeJS.Platform): void {
  Object.defineProperty(process, "platform", { value: platform });
}

describe.skipIf(!hasTestDevice() || real !== "linux")(`devices (${NEEDS_DEVICE}, on Linux)`, () => {
  const drivers = process.env.VK_ICD_FILENAMES;
  afterEach(() => {
    pretend(real);
    process.env.VK_ICD_FILENAMES = drivers;
  });

  it("refuses a driver that computes on the CPU where a GPU is asked for, and says so", async () => {
    await expect(registerWebgpuBackend({ allowSoftware: false })).rejects.toThrow(
      /^the only adapter, .*swiftshader.*, computes on the CPU, slower than other backends do; name the backend to use it all the same$/i,
    );
  });

  it("says which adapters there are where none has the name", async () => {
    await expect(registerWebgpuBackend({ adapter: "Voodoo" })).rejects.toThrow(/^no adapter "Voodoo": .*SwiftShader/s);
  });

  it.each([
    [
      "linux",
      /^WebGPU finds no GPU on this machine\. Install libvulkan1 and the Vulkan driver of the GPU's maker; .*graphics/,
    ],
    ["win32", /^WebGPU finds no GPU on this machine\. Update the graphics driver; Direct3D 12 is needed\.$/],
    ["darwin", /^WebGPU finds no GPU on this machine\. Metal is needed: macOS 12 or later/],
    ["freebsd", /^WebGPU finds no GPU on this machine\. Install the driver of the GPU\.$/],
  ] as const)("without an adapter, says what helps on %s", async (platform, message) => {
    process.env.VK_ICD_FILENAMES = "/nowhere/driver.json";
    pretend(platform);
    await expect(registerWebgpuBackend()).rejects.toThrow(message);
  });
});
