import { checkInRange, checkInteger, checkShape, type Weight } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";
import type { DefinedHeadDescription } from "./define-head.js";
import type { ForwardOptions, Module } from "./module.js";
import { makeNorm, type Norm, normalise } from "./norm.js";
import { disposeWeights, type WeightSource, weightMaker } from "./weight-spec.js";

/** Standard deviation of the first values of a dense kernel. */
export const DENSE_DEVIATION = 0.01;

/** What a projection head is; plain JSON, enough to build it again. */
export interface ProjectionHeadDescription {
  readonly kind: "projection-head";
  readonly inputDimension: number;
  readonly layers: number;
  readonly outputDimension: number;
  /** Length of the vectors between the layers; the input's where undefined. */
  readonly hiddenDimension?: number;
  /** Whether the last layer ends in a batch norm; it does where undefined. */
  readonly outputNorm?: boolean;
  /** First part of every weight's name. */
  readonly name: string;
}

/** What a head is; plain JSON, from which `buildProjectionHead` makes the same. */
export type HeadDescription = ProjectionHeadDescription | DefinedHeadDescription;

export interface ProjectionHeadOptions {
  /** D, the length of a representation. */
  readonly inputDimension: number;
  /** Number of dense layers: SimCLR has 2, SimCLRv2 3; 1 is a linear head, with 0 z is h itself. @defaultValue 3 */
  readonly layers?: number | undefined;
  /**
   * Not to be trained: variables are not trainable, and even in training running statistics are used and do not move.
   * The official TF1 code fine-tunes like that, the paper does not. @defaultValue false
   */
  readonly isFrozen?: boolean | undefined;
  /** Length of a projection. @defaultValue 128 */
  readonly outputDimension?: number | undefined;
  /** Length of the vectors between the layers; in SimCLR the input's. @defaultValue inputDimension */
  readonly hiddenDimension?: number | undefined;
  /**
   * Whether the last layer ends in a batch norm, as in SimCLR. BYOL, SwAV, Barlow Twins and VICReg end in a plain dense
   * layer, whose kernel then starts with a variance of 1 / inputs. @defaultValue true
   */
  readonly outputNorm?: boolean | undefined;
  /** First part of every weight's name. @defaultValue "head" */
  readonly name?: string | undefined;
  /** Each weight is drawn from `random.fork(name of the weight)`. */
  readonly random: WeightSource;
}

/** The projection head g, from representations h to projections z. */
export interface ProjectionHead extends Module {
  readonly layers: number;
  /** Length of the vectors after `k` layers: D for 0, `outputDimension` for `layers`. */
  dimensionAfter(k: number): number;
  /** The weights of the first `k` layers. */
  layerWeights(k: number): readonly Weight[];
  /**
   * Runs the first `upTo` layers.
   *
   * @param representation - h, float32 `[N, D]`. Not disposed.
   * @param upTo - Number of layers to run, 0 to `layers`. @defaultValue `layers`
   * @returns A copy of h, then what left each layer: `upTo + 1` new tensors; the last of a whole pass is z. The
   * caller disposes them.
   */
  forward(representation: tf.Tensor2D, options: ForwardOptions, upTo?: number): tf.Tensor2D[];
  describe(): HeadDescription;
  /** The same head with weights of its own, under another name. The caller disposes it. */
  twin(name: string, random: WeightSource): ProjectionHead;
}

interface Layer {
  readonly kernel: Weight;
  /** Undefined after a last layer without one. */
  readonly norm: Norm<Weight> | undefined;
  readonly outputs: number;
  /** How many weights the head has up to this layer. */
  readonly weightsSoFar: number;
}

/**
 * The non-linear projection head of SimCLRv2: dense layers without bias, each followed by batch norm; all but the
 * last end in a ReLU, the last has no beta and no activation.
 *
 * @returns A head that owns its weights: dispose it.
 * @throws InvalidArgumentError unless dimensions are integers >= 1 and layers an integer >= 0.
 * @see Chen et al. 2020, arXiv:2006.10029, section 3 and appendix
 */
export function projectionHead(options: ProjectionHeadOptions): ProjectionHead {
  const { inputDimension, layers: layerCount = 3, outputDimension = 128, name = "head", random } = options;
  const { isFrozen = false } = options;
  const { hiddenDimension = inputDimension, outputNorm = true } = options;
  checkInteger("projectionHead", { inputDimension }, 1);
  checkInteger("projectionHead", { layers: layerCount });
  checkInteger("projectionHead", { outputDimension }, 1);
  checkInteger("projectionHead", { hiddenDimension }, 1);
  const { make, weights } = weightMaker(random, () => isFrozen);
  const layers = Array.from({ length: layerCount }, (_, index): Layer => {
    const isLast = index === layerCount - 1;
    const inputs = index === 0 ? inputDimension : hiddenDimension;
    const outputs = isLast ? outputDimension : hiddenDimension;
    const path = `${name}/layer${index}`;
    const hasNorm = !isLast || outputNorm;
    const kernel = make(
      { name: `${path}/dense/kernel`, role: "kernel", shape: [inputs, outputs] },
      // Where a batch norm follows, the scale of the kernel does not matter.
      hasNorm ? { kind: "normal", deviation: DENSE_DEVIATION } : { kind: "variance-scaling", fanIn: inputs },
    );
    const norm = hasNorm ? makeNorm(make, { name: `${path}/norm`, channels: outputs, useBeta: !isLast }) : undefined;
    return { kernel, norm, outputs, weightsSoFar: weights.length };
  });
  const checkDepth = (k: number): void => {
    checkInteger(name, { k });
    checkInRange(name, { k }, 0, layerCount, `The head has ${layerCount} layers.`);
  };
  return {
    layers: layerCount,
    weights,
    dimensionAfter(k) {
      checkDepth(k);
      return layers[k - 1]?.outputs ?? inputDimension;
    },
    layerWeights(k) {
      checkDepth(k);
      return weights.slice(0, layers[k - 1]?.weightsSoFar ?? 0);
    },
    forward(representation, forwardOptions, upTo = layerCount) {
      checkShape(
        name,
        { representation },
        [null, inputDimension],
        "Build the head for this encoder's featureDimension.",
      );
      checkDepth(upTo);
      return tf.tidy(() => {
        const pass = isFrozen ? { training: false } : forwardOptions;
        const hiddens = [tf.clone(representation)];
        for (const [index, { kernel, norm }] of layers.slice(0, upTo).entries()) {
          const dense = tf.matMul<tf.Tensor2D>(hiddens[index]!, kernel.variable); // [N, outputs]
          const activation = index < layerCount - 1 ? "relu" : "none";
          hiddens.push(norm === undefined ? dense : normalise(norm, dense, pass, { activation }));
        }
        return hiddens;
      });
    },
    describe: () => ({
      kind: "projection-head",
      inputDimension,
      layers: layerCount,
      outputDimension,
      ...(hiddenDimension !== inputDimension && { hiddenDimension }),
      ...(!outputNorm && { outputNorm }),
      name,
    }),
    twin: (twinName, twinRandom) => projectionHead({ ...options, name: twinName, random: twinRandom }),
    dispose: () => disposeWeights(weights),
  };
}
