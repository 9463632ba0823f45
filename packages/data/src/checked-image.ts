import { DataError, type ImageShape, type RawImage } from "@simclr/core";

/**
 * @param id - Of the image, for messages.
 * @param expected - The shape that all images of its data set share; undefined where sizes differ.
 * @returns The image itself.
 * @throws DataError unless it is a uint8 image of its own and the expected shape.
 */
export function checkImage(id: string, image: RawImage, expected: ImageShape | undefined): RawImage {
  if (typeof image !== "object" || image === null)
    throw new DataError(
      `The image ${id} must be { data, height, width, channels }; received ${image === null ? "null" : typeof image}. Correct \`read\`.`,
      { subject: id, expected: "an image" },
    );
  const { data, height, width, channels } = image;
  const sizes = [height, width, channels];
  const bytes = height * width * channels;
  if (!(data instanceof Uint8Array) || !sizes.every((n) => Number.isInteger(n) && n >= 1) || data.length !== bytes)
    throw new DataError(
      `The image ${id} must be { data, height, width, channels } with a Uint8Array of height * width * channels bytes; received ${data?.constructor?.name ?? typeof data} of ${data?.length} for [${sizes.join(", ")}]. Correct \`read\`.`,
      { subject: id, expected: `${bytes} bytes`, received: String(data?.length) },
    );
  if (expected === undefined) return image;
  if (height !== expected.height || width !== expected.width || channels !== expected.channels)
    throw new DataError(
      `The image ${id} must have shape [${expected.height}, ${expected.width}, ${expected.channels}], the data set's \`imageShape\`; received [${sizes.join(", ")}]. Leave imageShape out if sizes differ.`,
      { subject: id, received: `[${sizes.join(", ")}]` },
    );
  return image;
}
