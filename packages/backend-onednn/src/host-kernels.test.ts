import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CPU_KERNEL_NAMES } from "./cpu-kernel-names.js";
import { nativeKernels } from "./kernels/table.js";

it("lists in the README exactly the kernels that only the host computes", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const section = /## What runs on the host\n([\s\S]*?)\n## /.exec(readme)?.[1] ?? "";
  const listed = /```text\n([\s\S]*?)```/.exec(section)?.[1]?.match(/\w+/g) ?? [];
  const native = new Set(nativeKernels.map(({ name }) => name));
  expect(listed).toEqual(CPU_KERNEL_NAMES.filter((name) => !native.has(name)).sort());
});
