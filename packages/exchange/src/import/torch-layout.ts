import type { NamedArray } from "@simclr/core";

/** Shape in PyTorch of one of our weights: OIHW for HWIO, [out, in] for [in, out]. */
export function torchShape(shape: readonly number[]): number[] {
  if (shape.length === 4) return [shape[3]!, shape[2]!, shape[0]!, shape[1]!];
  return shape.length === 2 ? [shape[1]!, shape[0]!] : [...shape];
}

/** A weight of PyTorch in our layout: HWIO from OIHW, [in, out] from [out, in]; vectors as they are. */
export function fromTorchLayout({ shape, data }: NamedArray): NamedArray {
  if (shape.length !== 4 && shape.length !== 2) return { shape, data };
  const [outputs, inputs, height = 1, width = 1] = shape as [number, number, number?, number?];
  const moved = new Float32Array(data.length);
  let from = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let k = 0; k < height * width; k++) moved[(k * inputs + i) * outputs + o] = data[from++]!;
  return { shape: shape.length === 4 ? [height, width, inputs, outputs] : [inputs, outputs], data: moved };
}
