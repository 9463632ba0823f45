import type { Pictures } from "../messages.js";
import { classColor } from "./class-color.js";

/** How long points take from one map to the next. */
const MOVE_MS = 600;
/** Edge of a picture on the map, as a share of the map's height, and room at its edges. */
const [PICTURE_SHARE, MARGIN] = [0.075, 0.06];

/** The map of features on a canvas: pictures where there is room for them, dots elsewhere. Points glide to where they are next. */
export class FeatureMap {
  readonly #canvas: HTMLCanvasElement;
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #still = matchMedia("(prefers-reduced-motion: reduce)");
  #pictures: Pictures | undefined;
  #tiles: readonly ImageBitmap[] = [];
  #from: Float32Array = new Float32Array();
  #to: Float32Array = new Float32Array();
  #began = 0;
  #frame = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#redraw()).observe(canvas);
    this.#dark.addEventListener("change", () => this.#redraw());
  }

  /** What the points are of. */
  async show(pictures: Pictures): Promise<void> {
    this.#to = new Float32Array();
    this.#pictures = pictures;
    this.#tiles = await Promise.all(Array.from(pictures.labels, (_, i) => createImageBitmap(imageAt(pictures, i))));
    this.#redraw();
  }

  /** @param points - [N, 2] in [0, 1], in the order of the pictures. */
  move(points: Float32Array, step: number): void {
    const now = this.#positions(performance.now());
    const isFirst = now.length !== points.length;
    this.#to = isFirst ? points : turnedLike(points, now);
    this.#from = isFirst || this.#still.matches ? this.#to : now;
    this.#began = performance.now();
    const { classNames = [] } = this.#pictures ?? {};
    const classes = classNames.length > 0 ? ` of ${classNames.length} classes` : "";
    this.#canvas.setAttribute(
      "aria-label",
      `Map of features after ${step} steps: ${points.length / 2} pictures${classes}`,
    );
    this.#redraw();
  }

  #positions(time: number): Float32Array {
    const t = Math.min(1, (time - this.#began) / MOVE_MS);
    const eased = t * t * (3 - 2 * t);
    return this.#to.map((to, i) => (this.#from[i] ?? to) + eased * (to - (this.#from[i] ?? to)));
  }

  #redraw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame((time) => {
      this.#draw(this.#positions(time));
      if (time < this.#began + MOVE_MS) this.#redraw();
    });
  }

  #draw(points: Float32Array): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    const context = this.#canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    context.imageSmoothingEnabled = false;
    const edge = PICTURE_SHARE * height;
    const lightness = getComputedStyle(this.#canvas).getPropertyValue("--hue-lightness");
    const placed: [number, number][] = [];
    const drawn = this.#to; // room is looked for where points will be, so that pictures do not flicker on the way
    for (let i = points.length / 2 - 1; i >= 0; i--) {
      const at = (of: Float32Array): [number, number] => [
        width * (MARGIN + (1 - 2 * MARGIN) * of[2 * i]!),
        height * (MARGIN + (1 - 2 * MARGIN) * of[2 * i + 1]!),
      ];
      const [x, y] = at(points);
      const goal = at(drawn);
      const label = this.#pictures?.labels[i] ?? -1;
      context.fillStyle = context.strokeStyle = classColor(label, lightness);
      const tile = this.#tiles[i];
      if (
        tile !== undefined &&
        placed.every(([px, py]) => Math.max(Math.abs(px - goal[0]), Math.abs(py - goal[1])) > edge + 5)
      ) {
        placed.push(goal);
        context.lineWidth = 3;
        context.strokeRect(x - edge / 2 - 1, y - edge / 2 - 1, edge + 2, edge + 2);
        context.drawImage(tile, x - edge / 2, y - edge / 2, edge, edge);
      } else {
        context.beginPath();
        context.arc(x, y, 3.5, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}

function imageAt({ pixels, side }: Pictures, index: number): ImageData {
  const rgba = new Uint8ClampedArray(side * side * 4).fill(255);
  const start = index * side * side * 3;
  for (let p = 0; p < side * side; p++) rgba.set(pixels.subarray(start + 3 * p, start + 3 * p + 3), 4 * p);
  return new ImageData(rgba, side, side);
}

/** A map means the same mirrored or turned by quarters: the one of these eight that moves the points least. */
function turnedLike(points: Float32Array, before: Float32Array): Float32Array {
  let best = points;
  let least = Number.POSITIVE_INFINITY;
  for (const isSwapped of [false, true])
    for (const flipX of [false, true])
      for (const flipY of [false, true]) {
        const turned = points.map((_, i) => {
          const isX = i % 2 === 0;
          const value = points[isSwapped ? (isX ? i + 1 : i - 1) : i]!;
          return (isX ? flipX : flipY) ? 1 - value : value;
        });
        const moved = turned.reduce((sum, value, i) => sum + (value - before[i]!) ** 2, 0);
        if (moved < least) [best, least] = [turned, moved];
      }
  return best;
}
