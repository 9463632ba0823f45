/** Which part of the official network a variable belongs to. */
type OfficialPart = "encoder" | "head" | "classifier";

/** A variable of the official code, by what its name says. */
export interface OfficialVariable {
  /** As the checkpoint names it, after the object graph was asked. */
  readonly name: string;
  /** Under which the bundle stores it. */
  readonly key: string;
  readonly part: OfficialPart;
  /** Whether it belongs to the averaged copy. */
  readonly isAverage: boolean;
  readonly layer: "convolution" | "norm" | "dense";
  /** Number of the layer: `conv2d_5` is 5, `conv2d` is 0; of the head's layers, that of `nl_2`. */
  readonly index: number;
  /** `kernel`, `bias`, `gamma`, `beta`, `moving_mean` or `moving_variance`. */
  readonly field: string;
}

const FIELD = /\/(kernel|bias|gamma|beta|moving_mean|moving_variance)$/;
const CONVOLUTION = /(?:^|\/)conv2d(?:_(\d+))?\/[^/]+$/;
const NORM = /(?:^|\/)(?:sync_)?batch_normalization(?:_(\d+))?\/[^/]+$/;
const DENSE = /(?:^|\/)dense(?:_(\d+))?\/[^/]+$/;
const HEAD_LAYER = /(?:^|\/)(?:nl|l)_(\d+)\//;

/**
 * Reads the name of a variable of the official code: `base_model/conv2d_5/kernel`, `ema_model/…`,
 * `head_contrastive/nl_0/dense/kernel`, `head_supervised/linear_layer/dense/bias`, or, of TensorFlow 2,
 * `resnet/…/conv2d_5/kernel`.
 *
 * @returns undefined for anything else: slots of the optimizer, step counters.
 */
export function parseOfficialName(name: string, key: string): OfficialVariable | undefined {
  const field = FIELD.exec(name)?.[1];
  if (field === undefined) return undefined;
  const isAverage = name.startsWith("ema_model/");
  const common = { name, key, isAverage, field };
  const headLayer = HEAD_LAYER.exec(name)?.[1];
  if (headLayer !== undefined) {
    const layer = DENSE.test(name) ? "dense" : NORM.test(name) ? "norm" : undefined;
    return layer && { ...common, part: "head", layer, index: Number(headLayer) };
  }
  if (DENSE.test(name)) return { ...common, part: "classifier", layer: "dense", index: 0 };
  const convolution = CONVOLUTION.exec(name);
  if (convolution !== null)
    return { ...common, part: "encoder", layer: "convolution", index: Number(convolution[1] ?? 0) };
  const norm = NORM.exec(name);
  if (norm !== null) return { ...common, part: "encoder", layer: "norm", index: Number(norm[1] ?? 0) };
  return undefined;
}
