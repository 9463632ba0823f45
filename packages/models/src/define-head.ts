import type { Weight } from "@simclr/core";
import {
  checkInRange,
  checkInteger,
  checkOptions,
  checkShape,
  InvalidArgumentError,
  markDefinition,
  Random,
} from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import {
  adoptWeights,
  type BuildSite,
  checkModuleDefinition,
  checkRows,
  type ModuleDefinition,
} from "./defined-module.js";
import type { ForwardOptions } from "./module.js";
import type { ProjectionHead } from "./projection-head.js";
import { disposeWeights, type WeightSource } from "./weight-spec.js";

/** What a head of one's own is built for. */
export interface HeadSite<Options extends object> extends BuildSite<Options> {
  /** D, the length of a representation. */
  readonly inputDimension: number;
}

/** Any module with `forward` and `weights` can be a head, or one of its layers. */
export interface HeadLayer {
  /** Running statistics included; with names that no other layer has, such as `layer0/kernel`. The head disposes them. */
  readonly weights: readonly Weight[];
  /** Length of the vectors that it gives. */
  readonly outputDimension: number;
  /**
   * @param x - What left the layer before, or h: float32 `[N, inputs]`. Borrowed.
   * @param pass - Hand it on to `normalise`, and draw from `pass.random` alone. In inference a row must not depend on others.
   * @returns float32 `[N, outputDimension]`. Runs in a `tf.tidy`.
   */
  forward(x: tf.Tensor2D, pass: ForwardOptions): tf.Tensor2D;
}

export interface HeadDefinition<Options extends object>
  extends ModuleDefinition<Options, Omit<HeadSite<Options>, "options" | "random">> {
  /** One layer, or several; fine-tuning can start behind any of them. */
  build(site: HeadSite<Options>): HeadLayer | readonly HeadLayer[];
}

/** What a defined head is; plain JSON, enough to build it again where its definition is known. */
export interface DefinedHeadDescription {
  readonly kind: "defined-head";
  /** Name of the definition. */
  readonly definition: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputDimension: number;
  readonly layers: number;
  /** First part of every weight's name. */
  readonly name: string;
}

export interface BuildHeadOptions<Options extends object> {
  /** What differs from the defaults. */
  readonly options?: Partial<Options> | undefined;
  /** D, the length of a representation. */
  readonly inputDimension: number;
  /** Variables are not trainable, and even in training running statistics are used. @defaultValue false */
  readonly isFrozen?: boolean | undefined;
  /** First part of every weight's name. @defaultValue "head" */
  readonly name?: string | undefined;
  readonly random: WeightSource;
}

/** A projection head of one's own, checked when it was defined, when it is built and at every call. */
export interface DefinedHead<Options extends object = object> {
  readonly name: string;
  /** The defaults. */
  readonly options: Readonly<Options>;
  /**
   * @returns A head that owns its weights: dispose it.
   * @throws InvalidArgumentError if an option is unknown, of another kind than its default or refused, or the layers that
   * the author's `build` gives make no sense.
   */
  build(options: BuildHeadOptions<Options>): ProjectionHead;
}

/**
 * Makes a projection head out of a plain object. `checkHead` of `@simclr/models/testing` tests what a definition
 * promises.
 *
 * @example
 * const linear = defineHead({
 *   name: "linear",
 *   options: { dimension: 64 },
 *   build: ({ options: { dimension }, inputDimension, random }) => {
 *     const { make, weights } = weightMaker(random);
 *     const shape = [inputDimension, dimension];
 *     const kernel = make({ name: "kernel", role: "kernel", shape }, { kind: "variance-scaling", fanIn: inputDimension });
 *     return { weights, outputDimension: dimension, forward: (x) => tf.matMul(x, kernel.variable) };
 *   },
 * });
 *
 * @throws InvalidArgumentError if the definition makes no sense.
 */
export function defineHead<Options extends object = Record<never, never>>(
  definition: HeadDefinition<Options>,
): DefinedHead<Options> {
  checkModuleDefinition("defineHead", definition);
  const defaults = Object.freeze({ ...definition.options }) as Readonly<Options>;
  const build = (given: BuildHeadOptions<Options>): ProjectionHead => {
    checkOptions(`head "${definition.name}"`, given.options ?? {}, defaults);
    return built(definition, { ...defaults, ...given.options }, given);
  };
  return Object.freeze(markDefinition("head", { name: definition.name, options: defaults, build }));
}

function built<Options extends object>(
  definition: HeadDefinition<Options>,
  options: Readonly<Options>,
  given: BuildHeadOptions<Options>,
): ProjectionHead {
  const { inputDimension, isFrozen = false, name = "head", random } = given;
  const where = `head "${definition.name}"`;
  checkInteger(where, { inputDimension }, 1);
  definition.checkOptions?.(options, { inputDimension });
  const source = random === "zeros" ? Random.fromSeed(0) : random; // authors draw; the values are then overwritten
  const layers = [definition.build({ options, inputDimension, random: source })].flat() as readonly HeadLayer[];
  if (layers.length === 0)
    throw new InvalidArgumentError(`${where}: \`build\` must give a layer or more; received none. Give at least one.`, {
      subject: "build",
      expected: "a layer or more",
      received: "none",
    });
  for (const { outputDimension } of layers) checkInteger(where, { outputDimension }, 1);
  const weights = adoptWeights(
    where,
    name,
    layers.flatMap((layer) => layer.weights),
    isFrozen,
  );
  const checkDepth = (k: number): void => {
    checkInteger(where, { k });
    checkInRange(where, { k }, 0, layers.length, `The head has ${layers.length} layers.`);
  };
  const run = (layer: HeadLayer, x: tf.Tensor2D, pass: ForwardOptions): tf.Tensor2D =>
    tf.tidy(() => {
      const y = layer.forward(x, pass);
      checkRows(where, y, x.shape[0], layer.outputDimension);
      return y;
    });
  return {
    layers: layers.length,
    weights,
    dimensionAfter(k) {
      checkDepth(k);
      return layers[k - 1]?.outputDimension ?? inputDimension;
    },
    layerWeights(k) {
      checkDepth(k);
      return weights.slice(
        0,
        layers.slice(0, k).reduce((count, layer) => count + layer.weights.length, 0),
      );
    },
    forward(representation, pass, upTo = layers.length) {
      checkShape(
        where,
        { representation },
        [null, inputDimension],
        "Build the head for this encoder's featureDimension.",
      );
      checkDepth(upTo);
      return tf.tidy(() => {
        const inference = { training: false };
        const hiddens = [tf.clone(representation)];
        for (const layer of layers.slice(0, upTo))
          hiddens.push(run(layer, hiddens.at(-1)!, isFrozen ? inference : pass));
        return hiddens;
      });
    },
    describe: () => ({
      kind: "defined-head",
      definition: definition.name,
      options: options as Readonly<Record<string, unknown>>,
      inputDimension,
      layers: layers.length,
      name,
    }),
    twin: (twinName, twinRandom) => built(definition, options, { ...given, name: twinName, random: twinRandom }),
    dispose: () => disposeWeights(weights),
  };
}
