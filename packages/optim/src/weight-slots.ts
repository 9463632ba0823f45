import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { OptimizerSlot, SlotValue } from "./optimizer.js";

/** Name of the slot that counts a weight's updates. */
const UPDATES = "updates";

/** What an optimizer keeps for one weight. */
interface WeightSlots {
  /** One per kind, each of the weight's shape. */
  readonly values: readonly tf.Variable[];
  /** How often the weight was updated, and what a checkpoint reads; only where updates are counted. */
  readonly counter: { updates: number; readonly variable: tf.Variable } | undefined;
}

export interface SlotKinds {
  /** Names of what is kept for each weight, each of its shape: "momentum". */
  readonly kinds: readonly string[];
  /** Whether the updates of each weight are counted, as the slot "updates". */
  readonly counted: boolean;
}

/** The slots of an optimizer, for each weight that has had a gradient, keyed by the weight's name. */
export class SlotStore {
  readonly #where: string;
  readonly #kinds: readonly string[];
  readonly #counted: boolean;
  readonly #byWeight = new Map<string, WeightSlots>();
  #disposed = false;

  /** @param where - The optimizer's name, for messages. */
  constructor(where: string, { kinds, counted }: SlotKinds) {
    this.#where = where;
    this.#kinds = kinds;
    this.#counted = counted;
  }

  /** Throws if the optimizer has been disposed. */
  checkUsable(): void {
    if (!this.#disposed) return;
    throw new InvalidArgumentError(`${this.#where}: the optimizer has been disposed. Make a new one.`);
  }

  /** The slots of a weight by their names, if there are any yet. */
  named(weightName: string): readonly (readonly [name: string, variable: tf.Variable])[] {
    const slots = this.#byWeight.get(weightName);
    return slots === undefined ? [] : this.#kinds.map((kind, i) => [`${weightName}/${kind}`, slots.values[i]!]);
  }

  /** The slots of a weight, made of zeros at their first use. */
  getOrCreate(weightName: string, shape: readonly number[]): WeightSlots {
    const existing = this.#byWeight.get(weightName);
    if (existing !== undefined) return existing;
    const values = this.#kinds.map(() => tf.tidy(() => tf.variable(tf.zeros([...shape]), false)));
    const slots = { values, counter: this.#counted ? counterFrom(0) : undefined };
    this.#byWeight.set(weightName, slots);
    return slots;
  }

  list(): readonly OptimizerSlot[] {
    return [...this.#byWeight].flatMap(([weightName, { counter }]) => {
      const slots = this.named(weightName).map(([name, variable]) => ({ name, variable }));
      if (counter === undefined) return slots;
      tf.tidy(() => counter.variable.assign(tf.scalar(counter.updates)));
      return [...slots, { name: `${weightName}/${UPDATES}`, variable: counter.variable }];
    });
  }

  restore(values: Readonly<Record<string, SlotValue>>): void {
    this.checkUsable();
    const weightNames = new Set(Object.entries(values).map(([name, value]) => this.#checkedWeightName(name, value)));
    for (const weightName of weightNames) this.#checkComplete(weightName, values);
    this.#clear();
    for (const weightName of weightNames) {
      this.#byWeight.set(weightName, {
        values: this.#kinds.map((kind) => {
          const { shape, data } = values[`${weightName}/${kind}`]!;
          return tf.tidy(() => tf.variable(tf.tensor(data.slice(), [...shape], "float32"), false));
        }),
        counter: this.#counted ? counterFrom(values[`${weightName}/${UPDATES}`]!.data[0]!) : undefined,
      });
    }
  }

  dispose(): void {
    this.#clear();
    this.#disposed = true;
  }

  #clear(): void {
    for (const { values, counter } of this.#byWeight.values()) tf.dispose([...values, counter?.variable ?? []]);
    this.#byWeight.clear();
  }

  get #names(): readonly string[] {
    return this.#counted ? [...this.#kinds, UPDATES] : this.#kinds;
  }

  #checkedWeightName(name: string, { shape, data }: SlotValue): string {
    const kind = this.#names.find((one) => name.endsWith(`/${one}`) && name.length > one.length + 1);
    if (kind === undefined) {
      const expected = this.#names.map((one) => `\`<weight>/${one}\``).join(" or ");
      throw new InvalidArgumentError(
        `${this.#where}: slot names must read ${expected}; received \`${name}\`. ` +
          "Restore the slots that this kind of optimizer saved.",
        { subject: name, expected, received: name },
      );
    }
    const size = kind === UPDATES && this.#counted ? 1 : shape.reduce((product, length) => product * length, 1);
    if (data.length !== size)
      throw new InvalidArgumentError(
        `${this.#where}: slot \`${name}\` of shape [${shape.join(", ")}] must hold ${size} values; ` +
          `received ${data.length}. The saved state is damaged; restore another checkpoint.`,
        { subject: name, expected: `${size} values`, received: `${data.length} values` },
      );
    return name.slice(0, -kind.length - 1);
  }

  #checkComplete(weightName: string, values: Readonly<Record<string, SlotValue>>): void {
    const missing = this.#names.map((one) => `${weightName}/${one}`).find((name) => !Object.hasOwn(values, name));
    if (missing === undefined) return;
    throw new InvalidArgumentError(
      `${this.#where}: slot \`${missing}\` is missing, where others of \`${weightName}\` are there. ` +
        "Restore the slots that this kind of optimizer saved.",
      { subject: missing, expected: this.#names.join(", ") },
    );
  }
}

const counterFrom = (updates: number) => ({
  updates,
  variable: tf.tidy(() => tf.variable(tf.scalar(updates), false)),
});
