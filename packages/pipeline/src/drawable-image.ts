import type { RawImage } from "@simclr/core";

/** Numbers of channels that a picture can have: grey, RGB, RGB and alpha. */
const PICTURE_CHANNELS = [1, 3, 4];

/** An image as a picture: as it is, or the mean of its channels as grey where it has any other number of them. */
export function drawableImage(image: RawImage): RawImage {
  const { data, height, width, channels } = image;
  if (PICTURE_CHANNELS.includes(channels)) return image;
  const grey = new Uint8Array(height * width);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++) sum += data[pixel * channels + channel]!;
    grey[pixel] = Math.round(sum / channels);
  }
  return { data: grey, height, width, channels: 1 };
}
