import type { Dataset, RawImage } from "@simclr/core";
import { type ShownImage, type Thumbnails, thumbnails } from "@simclr/report";
import { drawableImage } from "../drawable-image.js";

/** Edge of a thumbnail at most, in pixels. */
const MOST_PX = 48;

/** Images that the report shows, each once, in the order in which they were asked for. */
export class ShownImages {
  readonly #datasets: Readonly<Record<"train" | "test", Dataset>>;
  readonly #places = new Map<string, number>();
  readonly #images: { readonly dataset: Dataset; readonly index: number }[] = [];
  #made: Thumbnails | undefined;

  constructor(datasets: Readonly<Record<"train" | "test", Dataset>>) {
    this.#datasets = datasets;
  }

  /** Where an image will be among the thumbnails, and its name. */
  show(split: "train" | "test", index: number): ShownImage {
    const key = `${split} ${index}`;
    const dataset = this.#datasets[split];
    let tile = this.#places.get(key);
    if (tile === undefined) {
      tile = this.#images.length;
      this.#places.set(key, tile);
      this.#images.push({ dataset, index });
    }
    return { tile, name: dataset.id(index) };
  }

  /** All images that were asked for; undefined where there are none. */
  async draw(): Promise<Thumbnails | undefined> {
    const count = this.#images.length;
    if (count === 0 || this.#made?.count === count) return this.#made;
    const images: RawImage[] = [];
    for (const { dataset, index } of this.#images) images.push(drawableImage(await dataset.read(index)));
    const side = Math.max(...images.map(({ height, width }) => Math.max(height, width)));
    this.#made = await thumbnails(images, { tilePx: Math.min(MOST_PX, 8 * Math.ceil(side / 8)) });
    return this.#made;
  }
}
