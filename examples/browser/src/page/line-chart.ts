const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [400, 210];
const MARGIN = { left: 48, right: 56, top: 30, bottom: 30 };
/** Most points drawn of a line; more could not be told apart. */
const POINT_LIMIT = 400;

export interface LineChartOptions {
  readonly title: string;
  readonly format: (value: number) => string;
  /** Where the scale begins, unless values are lower. */
  readonly from?: number;
}

/** A level to compare with. */
export interface Reference {
  readonly value: number;
  readonly label: string;
}

/** A value over the steps, drawn anew as they come. Its description for readers who cannot see it says first and last value. */
export class LineChart {
  readonly #svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  readonly #options: LineChartOptions;
  #points: [step: number, value: number][] = [];
  #totalSteps = 1;
  #reference: Reference | undefined;
  #scheduled = false;

  constructor(host: HTMLElement, options: LineChartOptions) {
    this.#options = options;
    host.append(this.#svg);
    this.#draw();
  }

  /** Empties the chart. */
  clear(): void {
    this.#points = [];
    this.#reference = undefined;
    this.#schedule();
  }

  add(step: number, value: number, totalSteps: number, reference?: Reference): void {
    this.#points.push([step, value]);
    this.#totalSteps = totalSteps;
    this.#reference = reference;
    this.#schedule();
  }

  /** At most one drawing for each frame. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { title, format, from } = this.#options;
    const values = this.#points.map(([, value]) => value);
    const levels = this.#reference === undefined ? values : [...values, this.#reference.value];
    const low = levels.length === 0 ? 0 : Math.min(from ?? Number.POSITIVE_INFINITY, ...levels);
    const high = levels.length === 0 ? 1 : Math.max(...levels);
    const room = high > low ? 0.05 * (high - low) : 1;
    const x = (step: number) => MARGIN.left + ((WIDTH - MARGIN.left - MARGIN.right) * step) / this.#totalSteps;
    const y = (value: number) =>
      HEIGHT - MARGIN.bottom - ((HEIGHT - MARGIN.top - MARGIN.bottom) * (value - low)) / (high + room - low);
    const label = (text: string, at: Readonly<Record<string, string | number>>) => {
      const node = element("text", at);
      node.textContent = text;
      return node;
    };
    const ticks = [low, (low + high) / 2, high];
    const right = WIDTH - MARGIN.right;
    const nodes: SVGElement[] = [
      label(title, { x: 0, y: 14, class: "title" }),
      ...ticks.map((value) =>
        element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: y(value), y2: y(value) }),
      ),
      ...ticks.map((value) => label(format(value), { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" })),
      label("step 0", { x: MARGIN.left, y: HEIGHT - 8 }),
      label(String(this.#totalSteps), { x: right, y: HEIGHT - 8, "text-anchor": "end" }),
    ];
    const last = this.#points.at(-1);
    if (this.#reference !== undefined) {
      const at = y(this.#reference.value);
      nodes.push(
        element("line", { class: "reference", x1: MARGIN.left, x2: right, y1: at, y2: at }),
        label(this.#reference.label, { class: "reference-label", x: right, y: at - 5, "text-anchor": "end" }),
      );
    }
    if (last !== undefined) {
      const stride = Math.ceil(this.#points.length / POINT_LIMIT);
      const drawn = this.#points.filter((_, i) => i % stride === 0 || i === this.#points.length - 1);
      const points = drawn.map(([step, value]) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
      nodes.push(
        element("polyline", { class: "curve", points }),
        label(format(last[1]), { class: "last", x: x(last[0]) + 6, y: y(last[1]) + 4 }),
      );
    }
    this.#svg.replaceChildren(...nodes);
    const first = this.#points[0];
    const said =
      first === undefined || last === undefined
        ? "nothing yet"
        : `${format(first[1])} at step ${first[0]}, ${format(last[1])} at step ${last[0]} of ${this.#totalSteps}`;
    this.#svg.setAttribute("aria-label", `${title}: ${said}`);
  }
}

export function element(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}
