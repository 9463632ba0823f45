import type { NativeKernel } from "../kernel.js";

/** The sum of several tensors of one shape, added in their order. */
export const addN: NativeKernel = {
  name: "AddN",
  accepts: ({ inputs }) => {
    const tensors = Object.values(inputs);
    const dtype = tensors[0]?.dtype;
    return (dtype === "float32" || dtype === "int32") && tensors.every((x) => x.dtype === dtype);
  },
  run: ({ inputs, backend }) => {
    const tensors = Object.values(inputs);
    const { shape, dtype } = tensors[0]!;
    return backend.compute("AddN", [tensors.map((x) => backend.handle(x))], shape, dtype);
  },
};
