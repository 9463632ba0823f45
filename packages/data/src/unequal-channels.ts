import { DataError } from "@simclr/core";

/** The error for an image that has other channels than those before it. */
export function unequalChannels(image: string, channels: number, before: number): DataError {
  return new DataError(
    `Image ${image} has ${channels} channels, those before it have ${before}. All images of a data set must have the same number of channels.`,
    { subject: image, expected: String(before), received: String(channels) },
  );
}
