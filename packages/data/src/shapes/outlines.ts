/** Signed distance from the point (x, y) to an outline: < 0 inside, in units of the shape's radius; y points up. */
export type Outline = (x: number, y: number) => number;

/** What can be drawn: the class of an image is an index into this table. */
export interface ShapeClass {
  readonly name: string;
  readonly outline: Outline;
}

const disc =
  (centreX: number, centreY: number, radius: number): Outline =>
  (x, y) =>
    Math.sqrt((x - centreX) ** 2 + (y - centreY) ** 2) - radius;

/** What lies in `outer` and not in `inner`; exact but for the neighbourhood of their corners. */
const without =
  (outer: Outline, inner: Outline): Outline =>
  (x, y) =>
    Math.max(outer(x, y), -inner(x, y));

/** A closed polygon given as x, y, x, y, … ; edges may not cross. Quilez, "Polygon - distance 2D". */
function polygon(corners: readonly number[]): Outline {
  const count = corners.length / 2;
  const fromX = new Float64Array(count);
  const fromY = new Float64Array(count);
  const edgeX = new Float64Array(count);
  const edgeY = new Float64Array(count);
  const inverseSquare = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const next = (i + 1) % count;
    fromX[i] = corners[2 * i]!;
    fromY[i] = corners[2 * i + 1]!;
    edgeX[i] = corners[2 * next]! - fromX[i]!;
    edgeY[i] = corners[2 * next + 1]! - fromY[i]!;
    inverseSquare[i] = 1 / (edgeX[i]! ** 2 + edgeY[i]! ** 2);
  }
  return (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    let inside = false;
    for (let i = 0; i < count; i++) {
      const ex = edgeX[i]!;
      const ey = edgeY[i]!;
      const wx = x - fromX[i]!;
      const wy = y - fromY[i]!;
      const t = Math.min(1, Math.max(0, (wx * ex + wy * ey) * inverseSquare[i]!));
      const dx = wx - t * ex;
      const dy = wy - t * ey;
      nearest = Math.min(nearest, dx * dx + dy * dy);
      const above = y >= fromY[i]!;
      const belowEnd = y < fromY[i + 1 === count ? 0 : i + 1]!; // the corner itself: a sum would be rounded
      const leftOf = ex * wy > ey * wx;
      if (above === belowEnd && above === leftOf) inside = !inside;
    }
    return inside ? -Math.sqrt(nearest) : Math.sqrt(nearest);
  };
}

/** Corners at equal angles, the first at the top, at the given radii in turn. */
function spokes(count: number, ...radii: readonly number[]): number[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count;
    const radius = radii[i % radii.length]!;
    return [radius * Math.sin(angle), radius * Math.cos(angle)];
  }).flat();
}

/** x = 16 sin³ t, y = 13 cos t - 5 cos 2t - 2 cos 3t - cos 4t: the usual heart, scaled and centred. */
function heartCorners(count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const t = (2 * Math.PI * i) / count;
    const y = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
    return [Math.sin(t) ** 3, (y + 2.5) / 15.5];
  }).flat();
}

const mirrored = (right: readonly (readonly [number, number])[]): number[] =>
  [...right, ...right.map(([x, y]) => [-x, y] as const).reverse()].flat();

const THIRD = 0.32;

/** All classes, in the order of their labels. The outlines fill circles of about the same size and lie about their centre. */
export const SHAPE_CLASSES: readonly ShapeClass[] = [
  { name: "circle", outline: disc(0, 0, 0.9) },
  { name: "ring", outline: without(disc(0, 0, 0.95), disc(0, 0, 0.5)) },
  { name: "crescent", outline: without(disc(0, -0.15, 0.98), disc(0, 0.4, 0.75)) },
  { name: "heart", outline: polygon(heartCorners(24)) },
  { name: "triangle", outline: polygon(spokes(3, 1.12)) },
  { name: "square", outline: polygon(spokes(4, 1.1)) },
  { name: "star", outline: polygon(spokes(10, 1.1, 0.46)) },
  {
    name: "cross",
    outline: polygon(
      [
        [THIRD, 1],
        [THIRD, THIRD],
        [1, THIRD],
        [1, -THIRD],
        [THIRD, -THIRD],
        [THIRD, -1],
        [-THIRD, -1],
        [-THIRD, -THIRD],
        [-1, -THIRD],
        [-1, THIRD],
        [-THIRD, THIRD],
        [-THIRD, 1],
      ].flat(),
    ),
  },
  {
    name: "arrow",
    outline: polygon(
      mirrored([
        [0.001, 1.05],
        [0.85, 0.15],
        [0.3, 0.15],
        [0.3, -1],
      ]),
    ),
  },
  {
    name: "hourglass",
    outline: polygon(
      mirrored([
        [0.66, 0.86],
        [0.13, 0],
        [0.66, -0.86],
      ]),
    ),
  },
];
