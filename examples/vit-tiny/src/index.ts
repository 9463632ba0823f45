import { definePlugin } from "@simclr/core";
import { vitTiny } from "./vit-tiny.js";

export { vitTiny };

export const plugin = definePlugin({ name: "simclr-plugin-vit-tiny", apiVersion: 1, encoders: [vitTiny] });
