import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { OptimizerSlot, SlotValue } from "./optimizer.js";

/** How the velocity of a weight is called in a checkpoint: `<weight>/momentum`. */
const SUFFIX = "/momentum";

/** The velocities of an optimizer, one for each weight that has had a gradient, keyed by the weight's name. */
export class VelocitySlots {
  readonly #where: string;
  readonly #velocities = new Map<string, tf.Variable>();
  #disposed = false;

  /** @param where - The optimizer's name, for messages. */
  constructor(where: string) {
    this.#where = where;
  }

  /** Throws if the optimizer has been disposed. */
  checkUsable(): void {
    if (!this.#disposed) return;
    throw new InvalidArgumentError(`${this.#where}: the optimizer has been disposed. Make a new one.`);
  }

  /** The velocity of a weight if there is one yet. */
  get(weightName: string): tf.Variable | undefined {
    return this.#velocities.get(weightName);
  }

  /** The velocity of a weight, made of zeros at its first use. */
  getOrCreate(weightName: string, shape: readonly number[]): tf.Variable {
    const existing = this.#velocities.get(weightName);
    if (existing !== undefined) return existing;
    const velocity = tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
    this.#velocities.set(weightName, velocity);
    return velocity;
  }

  list(): readonly OptimizerSlot[] {
    return [...this.#velocities].map(([weightName, variable]) => ({ name: weightName + SUFFIX, variable }));
  }

  restore(values: Readonly<Record<string, SlotValue>>): void {
    this.checkUsable();
    for (const [name, value] of Object.entries(values)) this.#checkValue(name, value);
    this.#clear();
    for (const [name, { shape, data }] of Object.entries(values)) {
      const velocity = tf.tidy(() => tf.variable(tf.tensor(data.slice(), [...shape], "float32"), false));
      this.#velocities.set(name.slice(0, -SUFFIX.length), velocity);
    }
  }

  dispose(): void {
    this.#clear();
    this.#disposed = true;
  }

  #clear(): void {
    for (const velocity of this.#velocities.values()) velocity.dispose();
    this.#velocities.clear();
  }

  #checkValue(name: string, { shape, data }: SlotValue): void {
    if (!name.endsWith(SUFFIX) || name.length === SUFFIX.length) {
      throw new InvalidArgumentError(
        `${this.#where}: slot names must read \`<weight>${SUFFIX}\`; received \`${name}\`. ` +
          "Restore the slots that this kind of optimizer saved.",
        { subject: name, expected: `<weight>${SUFFIX}`, received: name },
      );
    }
    const size = shape.reduce((product, length) => product * length, 1);
    if (data.length === size) return;
    throw new InvalidArgumentError(
      `${this.#where}: slot \`${name}\` of shape [${shape.join(", ")}] must hold ${size} values; ` +
        `received ${data.length}. The saved state is damaged; restore another checkpoint.`,
      { subject: name, expected: `${size} values`, received: `${data.length} values` },
    );
  }
}
