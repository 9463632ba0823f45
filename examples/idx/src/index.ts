import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { defineDataset } from "@simclr/data";

/**
 * Images in IDX files, the format of MNIST and Fashion-MNIST, packed with gzip or not: bytes of [N, H, W], or of [N, H, W, C].
 * Paths are relative to `data.root`. Grey images become as many equal channels as a configuration asks for.
 */
export const idx = defineDataset({
  name: "idx",
  options: {
    images: "",
    /** A file of N bytes, the classes; without one, nothing is labelled. */
    labels: "",
    /** By default the numbers 0, 1, … */
    classNames: [] as string[],
  },
  open: async ({ images, labels, classNames }, { folder, channels }) => {
    if (images === "")
      throw new Error("idx: `images` must name a file. Write { name: idx, images: train-images-idx3-ubyte.gz }.");
    const { shape, data } = await readIdx(resolve(folder, images));
    const [size = 0, height = 0, width = 0, stored = 1] = shape;
    if (shape.length !== 3 && shape.length !== 4)
      throw new Error(`idx: ${images} must hold [N, H, W] or [N, H, W, C]; it holds [${shape.join(", ")}].`);
    if (stored !== 1 && stored !== channels)
      throw new Error(
        `idx: the images of ${images} have ${stored} channels, where ${channels} are asked for. Set data.channels to ${stored}.`,
      );
    const classes = labels === "" ? undefined : (await readIdx(resolve(folder, labels))).data;
    if (classes !== undefined && classes.length !== size)
      throw new Error(
        `idx: ${labels} has ${classes.length} labels, but ${images} has ${size} images. Name the files that belong together.`,
      );
    const found = classes === undefined ? 0 : classes.reduce((most, label) => Math.max(most, label + 1), 0);
    const bytes = height * width * stored;
    return defineDataset({
      name: images,
      size,
      imageShape: { height, width, channels },
      classNames: classNames.length > 0 ? classNames : Array.from({ length: found }, (_, label) => String(label)),
      ...(classes !== undefined && { labels: classes }),
      read: (i) => ({
        data: repeat(data.subarray(i * bytes, (i + 1) * bytes), channels / stored),
        height,
        width,
        channels,
      }),
    });
  },
});

/** An IDX file: two zero bytes, the type (8 for bytes), the number of dimensions, their sizes in four bytes each, the values. */
async function readIdx(file: string): Promise<{ shape: number[]; data: Uint8Array }> {
  const packed = await readFile(file);
  const bytes = packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed) : packed;
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0 || bytes[2] !== 8)
    throw new Error(`idx: ${file} must be an IDX file of bytes, which begins with 00 00 08.`);
  const header = 4 + 4 * bytes[3]!;
  const shape = bytes.length < header ? [] : Array.from({ length: bytes[3]! }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = header + shape.reduce((product, size) => product * size, 1);
  if (shape.length === 0 || bytes.length !== expected)
    throw new Error(
      `idx: ${file} must have ${expected} bytes for [${shape.join(", ")}]; it has ${bytes.length}. Fetch it again.`,
    );
  return { shape, data: bytes.subarray(header) };
}

/** A copy with every value `times` times. */
const repeat = (values: Uint8Array, times: number): Uint8Array =>
  Uint8Array.from({ length: values.length * times }, (_, at) => values[Math.floor(at / times)]!);
