import type { Random } from "@simclr/core";

/** One colour, red, green and blue, nominally in [0, 1]. */
type Colour = readonly [number, number, number];

/** Bands or checks of a triangle wave. */
interface Pattern {
  readonly kind: "plain" | "bands" | "checks";
  /** Periods per pixel along x and y. */
  readonly frequency: readonly [number, number];
  readonly phase: number;
  /** How far the pattern departs from the colour beneath, in [0, 1] of full scale. */
  readonly depth: number;
}

/** A colour whose brightness changes over the picture, with a pattern on it. */
export interface Paint {
  readonly colour: Colour;
  /** Change of brightness per pixel along x and y. */
  readonly slope: readonly [number, number];
  readonly pattern: Pattern;
}

/** A short line; a dot where both ends agree. */
export interface Stroke {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  /** Half the width, pixels. */
  readonly radius: number;
  readonly colour: Colour;
  /** Drawn over the shapes rather than beneath them. */
  readonly above: boolean;
}

/** Where one copy of the shape lies, and how large it is: pixels, from the top left corner. */
interface Place {
  readonly centre: readonly [number, number];
  readonly radius: number;
}

/** One copy of the shape. */
export interface Copy extends Place {
  readonly fill: Paint;
  /** Radians. */
  readonly rotation: number;
  /** Height over width. */
  readonly stretch: number;
}

/** Everything about an image but its class: drawn without looking at the class, so that nothing here betrays it. */
export interface Scene {
  readonly ground: Paint;
  /** Drawn in this order; at least one. */
  readonly copies: readonly Copy[];
  readonly strokes: readonly Stroke[];
  /** Largest departure of a channel by noise, in [0, 1] of full scale. */
  readonly noise: number;
  /** Seeds the noise; an integer in [1, 2^31). */
  readonly noiseSeed: number;
}

/** How one kind of paint varies. */
interface PaintRange {
  /** Largest departure of a channel from grey. */
  readonly chroma: number;
  /** Largest change of brightness across the picture. */
  readonly slope: number;
  readonly depth: readonly [number, number];
}

/**
 * The ranges of all nuisances, uniform unless noted: calibrated together. Contrastive learning finds whatever two crops
 * of one image share and crops of others do not. Many small copies put the shape into every crop; colour, brightness,
 * place, size and turn are drawn anew for each copy, and the ground stays near grey and evenly lit, so that they tell
 * little.
 */
const NUISANCES = {
  /** Number of copies of the shape, both ends included. */
  copies: [6, 8],
  /** Radius of a copy, of the side. */
  radius: [0.13, 0.16],
  /** How near to the edge of the picture a centre may lie, in its radius: less than 1 lets the picture cut copies. */
  inset: 0.95,
  /** Distance of two centres at least, of the sum of their radii: less than 1 lets copies touch. */
  room: 1,
  /** Largest turn of a copy either way, radians. */
  rotation: 0.35,
  /** Largest stretch of height over width, and of width over height. */
  stretch: 1.05,
  /** Brightness of the ground. */
  brightness: [0.45, 0.55],
  /** How much brighter or darker than the ground a copy is. */
  contrast: [0.4, 0.5],
  ground: { chroma: 0.05, slope: 0.1, depth: [0, 0] },
  fill: { chroma: 0.2, slope: 0.1, depth: [0, 0.04] },
  /** Pixels per period. */
  period: [4, 9],
  /** Most lines and dots of clutter. */
  strokes: 1,
  noise: [0.02, 0.02],
} as const satisfies Record<string, number | readonly [number, number] | PaintRange>;

/** Draws of a place before a copy is left out for want of room. */
const ATTEMPTS = 8;

/** Draws the nuisances of one image of `side` × `side` pixels. */
export function drawScene(random: Random, side: number): Scene {
  const brightness = random.uniform(...NUISANCES.brightness);
  const [fewest, most] = NUISANCES.copies;
  const places = drawPlaces(random, side, random.integer(fewest, most + 1));
  return {
    ground: drawPaint(random, side, brightness, NUISANCES.ground),
    copies: places.map((place) => drawCopy(random, side, place, brightness)),
    strokes: Array.from({ length: random.integer(0, NUISANCES.strokes + 1) }, () => drawStroke(random, side)),
    noise: random.uniform(...NUISANCES.noise),
    noiseSeed: random.integer(1, 2 ** 31),
  };
}

/** Places for up to `wanted` copies. The first always finds room. */
function drawPlaces(random: Random, side: number, wanted: number): Place[] {
  const places: Place[] = [];
  for (let i = 0; i < wanted; i++) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const place = drawPlace(random, side);
      if (places.some((other) => tooClose(place, other))) continue;
      places.push(place);
      break;
    }
  }
  return places;
}

function drawPlace(random: Random, side: number): Place {
  const radius = side * random.uniform(...NUISANCES.radius);
  const inset = NUISANCES.inset * radius;
  return { centre: [random.uniform(inset, side - inset), random.uniform(inset, side - inset)], radius };
}

function tooClose(a: Place, b: Place): boolean {
  const x = a.centre[0] - b.centre[0];
  const y = a.centre[1] - b.centre[1];
  return Math.sqrt(x * x + y * y) < NUISANCES.room * (a.radius + b.radius);
}

function drawCopy(random: Random, side: number, place: Place, ground: number): Copy {
  const difference = random.uniform(...NUISANCES.contrast);
  const brightness = ground + (random.bernoulli(0.5) ? difference : -difference);
  return {
    ...place,
    fill: drawPaint(random, side, brightness, NUISANCES.fill),
    rotation: random.uniform(-NUISANCES.rotation, NUISANCES.rotation),
    stretch: NUISANCES.stretch ** random.uniform(-1, 1),
  };
}

function drawColour(random: Random, brightness: number, mostChroma: number): Colour {
  const hue = random.uniform(0, 2 * Math.PI);
  const chroma = mostChroma * random.uniform();
  const third = (2 * Math.PI) / 3;
  return [
    brightness + chroma * Math.cos(hue),
    brightness + chroma * Math.cos(hue - third),
    brightness + chroma * Math.cos(hue + third),
  ];
}

function drawPaint(random: Random, side: number, brightness: number, range: PaintRange): Paint {
  const slope = range.slope / side;
  const angle = random.uniform(0, Math.PI);
  const period = random.uniform(...NUISANCES.period);
  return {
    colour: drawColour(random, brightness, range.chroma),
    slope: [random.uniform(-slope, slope), random.uniform(-slope, slope)],
    pattern: {
      kind: (["plain", "bands", "checks"] as const)[random.integer(0, 3)]!,
      frequency: [Math.cos(angle) / period, Math.sin(angle) / period],
      phase: random.uniform(),
      depth: random.uniform(...range.depth),
    },
  };
}

function drawStroke(random: Random, side: number): Stroke {
  const from: [number, number] = [random.uniform(0, side), random.uniform(0, side)];
  const length = random.bernoulli(0.5) ? 0 : random.uniform(3, 9);
  const angle = random.uniform(0, Math.PI);
  return {
    from,
    to: [from[0] + length * Math.cos(angle), from[1] + length * Math.sin(angle)],
    radius: random.uniform(0.5, length === 0 ? 1.5 : 0.8),
    colour: drawColour(random, random.uniform(), NUISANCES.fill.chroma),
    above: random.bernoulli(0.5),
  };
}
