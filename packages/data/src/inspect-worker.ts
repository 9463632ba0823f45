import type { DecodeSettings } from "./decode-image.js";
import { BlockingImageReader, type ImageLocation } from "./image-bytes.js";
import { type InspectedImage, inspectEncoded } from "./inspect-image.js";
import { reasonOf } from "./reason.js";

export interface InspectTask {
  readonly locations: readonly ImageLocation[];
  readonly settings: DecodeSettings;
}

/** An image, or why it cannot be read. */
export type Inspection = InspectedImage | { readonly broken: string };

/** Worker entry: inspects a run of images, in their order. */
export default async function inspectRun({ locations, settings }: InspectTask): Promise<Inspection[]> {
  const reader = new BlockingImageReader();
  const results: Inspection[] = [];
  try {
    for (const location of locations) {
      try {
        results.push(await inspectEncoded(reader.read(location), settings));
      } catch (error) {
        results.push({ broken: reasonOf(error) });
      }
    }
  } finally {
    reader.close();
  }
  return results;
}
