import { checkInteger, InvalidArgumentError, type RawImage } from "@simclr/core";

/**
 * Throws unless `image` holds height * width * channels bytes of 1, 3 or 4 channels.
 *
 * @param where - The function that was called.
 * @param name - What the image is in its arguments.
 */
export function checkImage(where: string, name: string, { height, width, channels, data }: RawImage): void {
  checkInteger(where, { [`${name}.height`]: height }, 1);
  checkInteger(where, { [`${name}.width`]: width }, 1);
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw refused(
      where,
      `${name}.channels`,
      "1 (grey), 3 (RGB) or 4 (RGBA)",
      String(channels),
      "Convert the image first.",
    );
  const bytes = height * width * channels;
  if (data.length !== bytes) {
    const expected = `${bytes} bytes (${height} x ${width} x ${channels})`;
    throw refused(where, `${name}.data`, expected, `${data.length}`, "Pass uint8, [height, width, channels].");
  }
}

function refused(where: string, name: string, expected: string, received: string, hint: string): InvalidArgumentError {
  const message = `${where}: \`${name}\` must be ${expected}; received ${received}. ${hint}`;
  return new InvalidArgumentError(message, { subject: name, expected, received });
}
