import { InvalidArgumentError } from "@simclr/core";
import * as tf from "@tensorflow/tfjs-core";

export interface ExtractFeaturesOptions {
  /** The encoder in inference mode: images [N, H, W, C] to features [N, D]. It borrows the images. */
  readonly forward: (images: tf.Tensor4D) => tf.Tensor2D;
  /** Batches of images. Each is given away: it is disposed here after its use. */
  readonly batches: AsyncIterable<tf.Tensor4D> | Iterable<tf.Tensor4D>;
}

/** Features of a whole data set, in the order of its images. */
export interface Features {
  /** Row-major [N, D]. */
  readonly features: Float32Array;
  /** N. */
  readonly count: number;
  /** D. */
  readonly dimension: number;
}

/**
 * Runs an encoder over all batches and gathers what it gives on the host. Leaves no tensor behind, even if it rejects.
 *
 * @throws InvalidArgumentError if there is no batch, or `forward` gives something else than [N, D] with one D.
 */
export async function extractFeatures({ forward, batches }: ExtractFeaturesOptions): Promise<Features> {
  const blocks: Float32Array[] = [];
  let count = 0;
  let dimension: number | undefined;
  for await (const images of batches) {
    const rows = images.shape[0];
    const output = runBatch(forward, images);
    try {
      dimension ??= output.shape[1];
      checkOutput(output, rows, dimension);
      blocks.push(await output.data<"float32">());
      count += rows;
    } finally {
      output.dispose();
    }
  }
  if (dimension === undefined) {
    throw new InvalidArgumentError(
      "extractFeatures: `batches` gave no batch. Pass a data set with at least one image.",
      {
        subject: "batches",
        expected: "one batch or more",
        received: "none",
      },
    );
  }
  return { features: concatenate(blocks, count * dimension), count, dimension };
}

function runBatch(forward: ExtractFeaturesOptions["forward"], images: tf.Tensor4D): tf.Tensor2D {
  try {
    return tf.tidy(() => forward(images));
  } finally {
    images.dispose();
  }
}

function checkOutput(output: tf.Tensor, rows: number, dimension: number | undefined): void {
  if (output.rank === 2 && output.shape[0] === rows && output.shape[1] === dimension) return;
  const expected = `[${rows}, ${output.rank === 2 ? dimension : "D"}]`;
  const received = `[${output.shape.join(", ")}]`;
  throw new InvalidArgumentError(
    `extractFeatures: \`forward\` must return shape ${expected} for ${rows} images; received ${received}. ` +
      "Return one row of features for every image.",
    { subject: "forward", expected, received },
  );
}

function concatenate(blocks: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  let offset = 0;
  for (const block of blocks) {
    all.set(block, offset);
    offset += block.length;
  }
  return all;
}
