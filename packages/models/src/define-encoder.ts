import type { Weight } from "@simclr/core";
import { checkInteger, checkOptions, checkShape, InvalidArgumentError, markDefinition, Random } from "@simclr/core";
import { stopGradient } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import {
  adoptWeights,
  type BuildSite,
  checkModuleDefinition,
  checkRows,
  type ModuleDefinition,
} from "./defined-module.js";
import type { Encoder, EncoderOutput } from "./encoder.js";
import type { ForwardOptions } from "./module.js";
import { disposeWeights, type WeightSource } from "./weight-spec.js";

/** What an encoder of one's own is built for. */
export interface EncoderSite<Options extends object> extends BuildSite<Options> {
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** Channels of the images. */
  readonly channels: number;
}

/** Any module with `forward` and `weights` can be an encoder. */
export interface EncoderModule {
  /** Running statistics included; with names of their own, such as `block0/kernel`. The encoder disposes them. */
  readonly weights: readonly Weight[];
  /** D, the length of a representation. */
  readonly featureDimension: number;
  /** Least height and width of the images. @defaultValue they must have `imageSize`, no other */
  readonly minimumSize?: number;
  /** Names of the endpoints, where `forward` gives some. @defaultValue none */
  readonly endpoints?: readonly string[];
  /**
   * @param images - float32 `[N, H, W, channels]` in [0, 1]. Borrowed.
   * @param pass - Hand it on to `normalise`, and draw from `pass.random` alone. In inference a row must not depend on others.
   * @returns h, float32 `[N, D]`, or h with endpoints. Runs in a `tf.tidy`.
   */
  forward(images: tf.Tensor4D, pass: ForwardOptions): tf.Tensor2D | EncoderOutput;
}

export interface EncoderDefinition<Options extends object>
  extends ModuleDefinition<Options, Omit<EncoderSite<Options>, "options" | "random">> {
  build(site: EncoderSite<Options>): EncoderModule;
}

/** What a defined encoder is; plain JSON, enough to build it again where its definition is known. */
export interface DefinedEncoderDescription {
  readonly kind: "defined-encoder";
  /** Name of the definition. */
  readonly definition: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly imageSize: number;
  readonly channels: number;
  /** First part of every weight's name. */
  readonly name: string;
}

export interface BuildEncoderOptions<Options extends object> {
  /** What differs from the defaults. */
  readonly options?: Partial<Options> | undefined;
  /** Height and width of the images, in pixels. */
  readonly imageSize: number;
  /** Channels of the images. @defaultValue 3 */
  readonly channels?: number | undefined;
  /** Variables are not trainable, and even in training running statistics are used. @defaultValue false */
  readonly isFrozen?: boolean | undefined;
  /** First part of every weight's name. @defaultValue "encoder" */
  readonly name?: string | undefined;
  readonly random: WeightSource;
}

/** An encoder of one's own, checked when it was defined, when it is built and at every call. */
export interface DefinedEncoder<Options extends object = object> {
  readonly name: string;
  /** The defaults. */
  readonly options: Readonly<Options>;
  /**
   * @returns An encoder that owns its weights: dispose it.
   * @throws InvalidArgumentError if an option is unknown, of another kind than its default or refused, or the module that
   * the author's `build` gives makes no sense.
   */
  build(options: BuildEncoderOptions<Options>): Encoder;
}

/**
 * Makes an encoder out of a plain object. `checkEncoder` of `@simclr/models/testing` tests what a definition promises;
 * `@simclr/models/layers` has convolutions and batch norms to build with.
 *
 * @example
 * const pixels = defineEncoder({
 *   name: "linear-pixels",
 *   options: { dimension: 64 },
 *   build: ({ options: { dimension }, imageSize, channels, random }) => {
 *     const { make, weights } = weightMaker(random);
 *     const inputs = imageSize * imageSize * channels;
 *     const kernel = make({ name: "kernel", role: "kernel", shape: [inputs, dimension] }, { kind: "variance-scaling", fanIn: inputs });
 *     return {
 *       weights,
 *       featureDimension: dimension,
 *       forward: (images) => tf.matMul(tf.reshape(images, [-1, inputs]), kernel.variable),
 *     };
 *   },
 * });
 *
 * @throws InvalidArgumentError if the definition makes no sense.
 */
export function defineEncoder<Options extends object = Record<never, never>>(
  definition: EncoderDefinition<Options>,
): DefinedEncoder<Options> {
  checkModuleDefinition("defineEncoder", definition);
  const defaults = Object.freeze({ ...definition.options }) as Readonly<Options>;
  const build = (given: BuildEncoderOptions<Options>): Encoder => {
    const where = `encoder "${definition.name}"`;
    checkOptions(where, given.options ?? {}, defaults);
    return built(definition, { ...defaults, ...given.options }, given);
  };
  return Object.freeze(markDefinition("encoder", { name: definition.name, options: defaults, build }));
}

function built<Options extends object>(
  definition: EncoderDefinition<Options>,
  options: Readonly<Options>,
  given: BuildEncoderOptions<Options>,
): Encoder {
  const { imageSize, channels = 3, isFrozen = false, name = "encoder", random } = given;
  const where = `encoder "${definition.name}"`;
  checkInteger(where, { imageSize }, 1);
  checkInteger(where, { channels }, 1);
  definition.checkOptions?.(options, { imageSize, channels });
  const source = random === "zeros" ? Random.fromSeed(0) : random; // authors draw; the values are then overwritten
  const module = definition.build({ options, imageSize, channels, random: source });
  const { featureDimension, minimumSize, endpoints = [] } = module;
  checkInteger(where, { featureDimension }, 1);
  if (minimumSize !== undefined) checkInteger(where, { minimumSize }, 1);
  const weights = adoptWeights(where, name, module.weights, isFrozen);
  const run = (images: tf.Tensor4D, pass: ForwardOptions): EncoderOutput => {
    const result = module.forward(images, pass);
    const output = result instanceof tf.Tensor || !("pooled" in result) ? { pooled: result, endpoints: {} } : result;
    checkRows(where, output.pooled, images.shape[0], featureDimension);
    checkEndpoints(where, output.endpoints, endpoints);
    return output as EncoderOutput;
  };
  return {
    name,
    weights,
    featureDimension,
    input: { channels, minimumSize: minimumSize ?? imageSize },
    endpoints,
    forward(images, pass) {
      checkImages(where, images, channels, minimumSize, imageSize);
      return tf.tidy(() => {
        if (!isFrozen) return run(images, pass);
        return pass.training ? untaped((x) => run(x, { training: false }), images) : run(images, pass);
      });
    },
    describe: () => ({
      kind: "defined-encoder",
      definition: definition.name,
      options: options as Readonly<Record<string, unknown>>,
      imageSize,
      channels,
      name,
    }),
    twin: (twinName, twinRandom) => built(definition, options, { ...given, name: twinName, random: twinRandom }),
    dispose: () => disposeWeights(weights),
  };
}

/** Runs `f` and keeps nothing for a backward pass. */
function untaped(f: (images: tf.Tensor4D) => EncoderOutput, images: tf.Tensor4D): EncoderOutput {
  const kept: Record<string, tf.Tensor> = {};
  const pooled = stopGradient((x) => {
    const output = f(x);
    for (const [key, tensor] of Object.entries(output.endpoints)) kept[key] = tf.keep(tf.clone(tensor));
    return output.pooled;
  }, images);
  const endpoints = Object.fromEntries(Object.entries(kept).map(([key, tensor]) => [key, tf.clone(tensor)]));
  tf.dispose(kept);
  return { pooled, endpoints };
}

function checkImages(
  where: string,
  images: tf.Tensor4D,
  channels: number,
  minimumSize: number | undefined,
  imageSize: number,
): void {
  const size = minimumSize === undefined ? imageSize : null;
  const hint = `It was built for images of ${imageSize} pixels and ${channels} channels, NHWC.`;
  checkShape(where, { images }, [null, size, size, channels], hint);
  const [, height, width] = images.shape;
  if (minimumSize === undefined || Math.min(height, width) >= minimumSize) return;
  const expected = `${minimumSize} x ${minimumSize} pixels or more`;
  const received = `${height} x ${width}`;
  throw new InvalidArgumentError(`${where}: \`images\` must have ${expected}; received ${received}. Enlarge them.`, {
    subject: "images",
    expected,
    received,
  });
}

function checkEndpoints(where: string, given: unknown, expected: readonly string[]): void {
  const names = typeof given === "object" && given !== null ? Object.keys(given) : [];
  if (names.length === expected.length && expected.every((name) => names.includes(name))) return;
  throw new InvalidArgumentError(
    `${where} must give the endpoints that it lists, ${expected.join(", ") || "none"}; received ${names.join(", ") || "none"}. Correct \`endpoints\`, or its \`forward\`.`,
    { subject: "endpoints", expected: expected.join(", "), received: names.join(", ") },
  );
}
