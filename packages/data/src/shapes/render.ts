import type { Outline } from "./outlines.js";
import type { Copy, Paint, Scene, Stroke } from "./scene.js";

/** No outline reaches farther than this from its centre, in radii. */
const REACH = 1.15;

/** Where an image is put together: RGB, nominally in [0, 1], row-major [side, side, 3]. Use one for many images. */
export interface Canvas {
  readonly side: number;
  readonly pixels: Float64Array;
}

export function createCanvas(side: number): Canvas {
  return { side, pixels: new Float64Array(side * side * 3) };
}

/** Draws one image on `canvas`, over what was there, and writes it to `out` at `offset` as uint8 [side, side, 3]. */
export function render(canvas: Canvas, scene: Scene, outline: Outline, out: Uint8Array, offset: number): void {
  paintGround(canvas, scene.ground);
  for (const stroke of scene.strokes) if (!stroke.above) paintStroke(canvas, stroke);
  for (const copy of scene.copies) paintCopy(canvas, copy, outline);
  for (const stroke of scene.strokes) if (stroke.above) paintStroke(canvas, stroke);
  quantise(canvas, scene, out, offset);
}

/** The pixels that a copy may touch; ends are exclusive. */
interface Bounds {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/**
 * Distance from the middle of the pixel at (column, row) to the edge of a copy, < 0 inside, in pixels (exact but for
 * the stretch).
 */
function distanceTo(copy: Copy, outline: Outline): (column: number, row: number) => number {
  const { centre, radius, rotation, stretch } = copy;
  const tall = Math.sqrt(stretch);
  const cos = Math.cos(rotation) / radius;
  const sin = Math.sin(rotation) / radius;
  return (column, row) => {
    const x = column + 0.5 - centre[0];
    const y = centre[1] - row - 0.5; // rows grow downwards, outlines upwards
    return outline((x * cos + y * sin) * tall, (y * cos - x * sin) / tall) * radius;
  };
}

/** Share of a pixel that is covered: the distance cut off at half a pixel on either side of the edge. */
function coverage(distance: number): number {
  return Math.min(1, Math.max(0, 0.5 - distance));
}

function clip(side: number, left: number, right: number, top: number, bottom: number): Bounds {
  return {
    left: Math.max(0, Math.floor(left)),
    right: Math.min(side, Math.ceil(right)),
    top: Math.max(0, Math.floor(top)),
    bottom: Math.min(side, Math.ceil(bottom)),
  };
}

function paintGround({ side, pixels }: Canvas, paint: Paint): void {
  const [red, green, blue] = paint.colour;
  for (let i = 0, row = 0; row < side; row++) {
    for (let column = 0; column < side; column++, i += 3) {
      const light = brightness(paint, column, row, side);
      pixels[i] = red + light;
      pixels[i + 1] = green + light;
      pixels[i + 2] = blue + light;
    }
  }
}

function paintCopy({ side, pixels }: Canvas, copy: Copy, outline: Outline): void {
  const { centre, radius, stretch, fill } = copy;
  const [red, green, blue] = fill.colour;
  const distanceAt = distanceTo(copy, outline);
  const steepest = Math.sqrt(Math.max(stretch, 1 / stretch)); // change of the distance per pixel, at most
  const reach = REACH * radius * steepest + 1;
  const { left, right, top, bottom } = clip(
    side,
    centre[0] - reach,
    centre[0] + reach,
    centre[1] - reach,
    centre[1] + reach,
  );
  for (let row = top; row < bottom; row++) {
    let column = left;
    while (column < right) {
      const distance = distanceAt(column, row);
      const alpha = coverage(distance);
      // As far from the edge as this, the next pixels are covered alike.
      const end = Math.min(right, column + 1 + Math.max(0, Math.floor((Math.abs(distance) - 0.5) / steepest)));
      if (alpha === 0) column = end;
      for (; column < end; column++) {
        const light = brightness(fill, column, row, side);
        blend(pixels, 3 * (row * side + column), alpha, red + light, green + light, blue + light);
      }
    }
  }
}

/** What slope and pattern add to the colour of a paint at one pixel. */
function brightness({ slope, pattern }: Paint, column: number, row: number, side: number): number {
  const ramp = slope[0] * (column - side / 2) + slope[1] * (row - side / 2);
  if (pattern.kind === "plain") return ramp;
  const [alongX, alongY] = pattern.frequency;
  let wave = triangle(column * alongX + row * alongY + pattern.phase);
  if (pattern.kind === "checks") wave *= triangle(row * alongX - column * alongY + pattern.phase);
  return ramp + pattern.depth * wave;
}

/** The triangle wave of period 1 between -1 and 1. */
function triangle(t: number): number {
  return Math.abs(4 * (t - Math.floor(t)) - 2) - 1;
}

function paintStroke({ side, pixels }: Canvas, { from, to, radius, colour }: Stroke): void {
  const edgeX = to[0] - from[0];
  const edgeY = to[1] - from[1];
  const square = edgeX * edgeX + edgeY * edgeY;
  const margin = radius + 1;
  const { left, right, top, bottom } = clip(
    side,
    Math.min(from[0], to[0]) - margin,
    Math.max(from[0], to[0]) + margin,
    Math.min(from[1], to[1]) - margin,
    Math.max(from[1], to[1]) + margin,
  );
  const [red, green, blue] = colour;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const x = column + 0.5 - from[0];
      const y = row + 0.5 - from[1];
      const t = square === 0 ? 0 : Math.min(1, Math.max(0, (x * edgeX + y * edgeY) / square));
      const distance = Math.sqrt((x - t * edgeX) ** 2 + (y - t * edgeY) ** 2) - radius;
      const alpha = coverage(distance);
      if (alpha > 0) blend(pixels, 3 * (row * side + column), alpha, red, green, blue);
    }
  }
}

function blend(pixels: Float64Array, at: number, alpha: number, red: number, green: number, blue: number): void {
  pixels[at]! += alpha * (red - pixels[at]!);
  pixels[at + 1]! += alpha * (green - pixels[at + 1]!);
  pixels[at + 2]! += alpha * (blue - pixels[at + 2]!);
}

/** Adds the noise (xorshift32, uniform), clips and rounds. */
function quantise({ pixels }: Canvas, { noise, noiseSeed }: Scene, out: Uint8Array, offset: number): void {
  let state = noiseSeed | 0;
  const scale = noise / 2 ** 31;
  for (let i = 0; i < pixels.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const value = 255 * (pixels[i]! + scale * state);
    out[offset + i] = Math.min(255, Math.max(0, Math.round(value)));
  }
}
