import { definePlugin } from "@simclr/core";
import { convNet } from "./conv-net.js";
import { layerNormHead } from "./layer-norm-head.js";

export { convNet, layerNormHead };

export const plugin = definePlugin({
  name: "simclr-plugin-conv-net",
  apiVersion: 1,
  encoders: [convNet],
  heads: [layerNormHead],
});
