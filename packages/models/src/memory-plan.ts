import { checkInteger } from "@simclr/core";
import type { ResNetArchitecture } from "./architecture.js";
import type { Checkpointing } from "./res-net.js";
import { type CountedPart, resNetCost } from "./res-net-cost.js";

/** Bytes of a float32, which weights, their gradients and the images are. */
const FLOAT = 4;
/** Bytes of a value of an activation or of its gradient. */
const ACTIVATION = { float32: 4, bfloat16: 2 } as const;
/** A small program: Node.js, tfjs, the models and the backend, before anything is trained. */
const PROGRAM = 140e6;
/** Largest tensors of a part that live at one time beside what is kept: gradients on their way, and copies in kernels. */
const TRANSIENT = 4;
/** Share that allocators cannot use, since what is free is not where it is needed, and that kernels take besides. */
const FRAGMENTATION = 0.07;

export interface MemoryPlanOptions {
  readonly architecture: ResNetArchitecture;
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** Images in one forward pass: twice the batch where two views of each are encoded at once. */
  readonly rows: number;
  readonly checkpointing?: Checkpointing | undefined;
  /** As of `resNet`. @defaultValue -1 */
  readonly fineTuneAfter?: number | undefined;
  /** Parameters above the encoder: a projection head, a classifier. @defaultValue 0 */
  readonly headParameters?: number | undefined;
  /** Numbers that the optimizer keeps for each parameter. @defaultValue 1, a velocity */
  readonly slots?: number | undefined;
  /** Bytes of the program itself, before anything is trained. @defaultValue 140 MB, a small one on Node.js */
  readonly program?: number | undefined;
  /** Copies of weights and slots in the program's own memory, as those who write checkpoints make. @defaultValue 0 */
  readonly hostCopies?: number | undefined;
  /** How the backend keeps activations and their gradients. @defaultValue "float32" */
  readonly precision?: "float32" | "bfloat16" | undefined;
}

/** Bytes that a training run is predicted to need, at the moment when it needs most. */
export interface MemoryPlan {
  /** The program itself, and its copies of weights and slots. */
  readonly program: number;
  /** Weights and running statistics. */
  readonly weights: number;
  readonly optimizer: number;
  readonly gradients: number;
  /** What the backward pass needs of the forward pass, at that moment. */
  readonly activations: number;
  /** Gradients of activations, and copies in kernels. */
  readonly workspace: number;
  /** All of the above, and what the allocator cannot use. */
  readonly total: number;
}

/**
 * Predicts the memory of training a ResNet before anything is allocated, by walking through the backward pass part by
 * part: kept activations go, gradients of parameters come.
 *
 * @throws InvalidArgumentError for an impossible architecture, an image too small for the stem, or `rows` < 1.
 */
export function planMemory(options: MemoryPlanOptions): MemoryPlan {
  const { architecture, imageSize, rows, checkpointing = "none", fineTuneAfter = -1 } = options;
  const { headParameters = 0, slots = 1, precision = "float32", hostCopies = 0 } = options;
  checkInteger("planMemory", { rows }, 1);
  checkInteger("planMemory", { slots });
  const { parts } = resNetCost(architecture, imageSize);
  const segments = segmentsOf(parts, checkpointing, fineTuneAfter);
  const count = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
  const learned = count(segments.map(({ trained }) => trained)) + headParameters;
  const weights = FLOAT * (count(parts.map((part) => part.trainable + part.statistics)) + headParameters);
  const optimizer = FLOAT * slots * learned;
  const images = rows * imageSize * imageSize * parts[0]!.input[2];
  const moments = segments.map((segment, i) => {
    const before = count(segments.slice(0, i + 1).map(({ kept }) => kept));
    const after = count(segments.slice(i).map(({ trained }) => trained)) + headParameters;
    return {
      gradients: FLOAT * after,
      activations: FLOAT * images + ACTIVATION[precision] * rows * (before + segment.recomputed),
      workspace: ACTIVATION[precision] * rows * TRANSIENT * segment.largest,
    };
  });
  // The update: all gradients are there, and the new value and slots of the largest weights beside the old ones.
  const largest = Math.max(...parts.map(({ trainable }) => trainable));
  moments.push({ gradients: FLOAT * learned, activations: 0, workspace: FLOAT * (1 + slots) * largest });
  const sum = ({ gradients, activations, workspace }: (typeof moments)[0]): number =>
    gradients + activations + workspace;
  const worst = moments.reduce((most, moment) => (sum(moment) > sum(most) ? moment : most));
  const used = weights + optimizer + sum(worst);
  const program = (options.program ?? PROGRAM) + hostCopies * (weights + optimizer);
  return { program, weights, optimizer, ...worst, total: program + Math.round(used * (1 + FRAGMENTATION)) };
}

/** What is done at once in the backward pass; numbers for each image. */
export interface Segment {
  /** From the forward pass on. */
  readonly kept: number;
  /** Kept besides once the segment has been run again. */
  readonly recomputed: number;
  readonly largest: number;
  /** Parameters that get a gradient. */
  readonly trained: number;
}

/** Cuts a network into what the backward pass does at once, from the images up. */
export function segmentsOf(
  parts: readonly CountedPart[],
  checkpointing: Checkpointing,
  fineTuneAfter: number,
): Segment[] {
  const stage = ({ name }: CountedPart): number => Number(/\/group(\d)\//.exec(name)?.[1] ?? 0);
  const groups = new Map<string, CountedPart[]>();
  for (const part of parts) {
    const key = checkpointing === "group" ? String(stage(part)) : part.name;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const sum = (members: readonly CountedPart[], value: (part: CountedPart) => number): number =>
    members.reduce((total, part) => total + value(part), 0);
  /** Whether the part before keeps its result, which is the input of this one. */
  let isInputKept = true;
  const segments = [...groups.values()].map((members): Segment => {
    const [first] = members as [CountedPart];
    const largest = Math.max(...members.map((part) => part.largest));
    const isFrozen = stage(first) <= fineTuneAfter;
    const isRecomputed = checkpointing !== "none" && stage(first) > 0;
    const [height, width, channels] = first.input;
    const input = isInputKept || isFrozen ? 0 : height * width * channels;
    isInputKept = !isFrozen && !isRecomputed;
    if (isFrozen) return { kept: 0, recomputed: 0, largest, trained: 0 };
    const inside = sum(members, (part) => part.kept);
    const trained = sum(members, (part) => part.trainable);
    if (isRecomputed) return { kept: input, recomputed: inside, largest, trained };
    return { kept: input + inside, recomputed: 0, largest, trained };
  });
  const [height, width, channels] = parts.at(-1)!.output;
  const pooled = height * width * channels;
  segments.push({ kept: isInputKept ? 0 : pooled, recomputed: 0, largest: pooled, trained: 0 });
  return segments;
}
