import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { useBackend } from "@simclr/backends";
import { Random } from "@simclr/core";
import { model } from "@simclr/exchange";
import { saveModel } from "@simclr/exchange/node";
import { resNet } from "@simclr/models";
import sharp from "sharp";

/** Red, green and blue noise, five images of each; the last red one is the first once more, under another name. */
export const HUES = ["red", "green", "blue"];
const PER_HUE = 5;
const SIDE = 16;

/** Lays out `photos/red-0.png` and so on, and `encoder.safetensors`, a small random encoder. */
export async function layOutHues(folder: string): Promise<void> {
  mkdirSync(join(folder, "photos"));
  const random = Random.fromSeed(2);
  for (const [hue, name] of HUES.entries())
    for (let i = 0; i < PER_HUE; i++) {
      const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, at) =>
        Math.round((at % 3 === hue ? 170 : 40) + 60 * random.uniform()),
      );
      const image = sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } });
      await image.png().toFile(join(folder, "photos", `${name}-${i}.png`));
    }
  copyFileSync(join(folder, "photos/red-0.png"), join(folder, "photos/red-4.png"));
  await useBackend("onednn");
  const encoder = resNet({ depth: 18, widthMultiplier: 0.125, imageSize: SIDE, random });
  const preprocessing = { imageSize: SIDE, cropFraction: 1, resize: "tf1-bicubic" } as const;
  const own = model({ encoder, preprocessing, origin: "a test" });
  await saveModel(join(folder, "encoder.safetensors"), own);
  own.dispose();
}
