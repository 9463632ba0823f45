import { existsSync } from "node:fs";
import { platform } from "node:process";

/** Where Debian's Chromium keeps SwiftShader, a Vulkan driver that computes on the CPU. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Points Vulkan to SwiftShader where no driver was chosen; to be called before the first WebGPU device of the process.
 * @returns {string | undefined} What is missing; undefined where a device can be had.
 */
export function chooseVulkanDriver() {
  if (platform !== "linux") return undefined;
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (!["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libvulkan.so.1`)))
    return "libvulkan.so.1 is missing: apt-get install libvulkan1";
  if (chosen !== undefined) return undefined;
  if (!existsSync(SWIFTSHADER)) return "there is no Vulkan driver that computes on the CPU: apt-get install chromium";
  process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  return undefined;
}
