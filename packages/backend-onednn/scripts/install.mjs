// npm's install step. Where the prebuilt package of this platform loads there is nothing to do; elsewhere the addon is
// compiled, as build-native.mjs says: what cannot be built fails the install only with SIMCLR_NATIVE=required.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const platform = `${process.platform}-${process.arch}${process.platform === "linux" ? "-gnu" : ""}`;

/** Why the prebuilt package does not serve here; undefined if it does. */
function whyNotPrebuilt() {
  try {
    createRequire(import.meta.url)(`@simclr/backend-onednn-${platform}`);
    return undefined;
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return `there is no prebuilt package for ${platform} here`;
    return `the prebuilt package does not load (${error.message.split("\n")[0]})`;
  }
}

const isCheckout = existsSync(new URL("../../../pnpm-workspace.yaml", import.meta.url)); // builds when it is set up
if (!isCheckout && !process.env.SIMCLR_ONEDNN_ADDON) {
  const reason = whyNotPrebuilt();
  if (reason !== undefined) {
    console.log(`backend-onednn: ${reason}; compiling the addon`);
    await import("./build-native.mjs");
  }
}
