// A WebGPU device to train on: SwiftShader of Debian's Chromium, where no other driver was chosen.
import { existsSync } from "node:fs";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Why there is none on this machine; undefined where there is one, to which Vulkan is then pointed. */
export function deviceMissing() {
  if (process.platform !== "linux") return undefined;
  const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
  if (chosen === undefined && existsSync(SWIFTSHADER)) process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  const library = ["x86_64", "aarch64"].some((cpu) => existsSync(`/usr/lib/${cpu}-linux-gnu/libvulkan.so.1`));
  if (library && (chosen !== undefined || existsSync(SWIFTSHADER))) return undefined;
  return "no Vulkan driver (apt-get install -y chromium libvulkan1)";
}
