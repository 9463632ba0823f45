import * as tf from "@tensorflow/tfjs-core";
import { checkModule, type ModuleCheck, type ModulePromise } from "./check-module.js";
import type { DefinedEncoder } from "./define-encoder.js";

export interface EncoderCheck<Options extends object> extends ModuleCheck {
  /** @defaultValue the encoder's own */
  readonly options?: Partial<Options>;
  /** Height and width of the images, in pixels. @defaultValue 32 */
  readonly imageSize?: number;
  /** @defaultValue 3 */
  readonly channels?: number;
}

/**
 * Tests what an encoder promises, on the current backend, under any test runner and in browsers: that it builds the same
 * weights from the same random stream, with names of their own; gives representations of the length it declares, finite,
 * the same each time, and in inference each row whatever the others are; moves running statistics in training alone, and
 * there through `pass.statistics`; that a gradient reaches every weight that is trained; and that nothing stays in
 * memory.
 *
 * @example
 * import "@simclr/ops/register"; // gradients
 * it("keeps its promises", () => checkEncoder(convNet, { imageSize: 16, options: { width: 4 } }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError (rejects) listing all promises that were broken.
 */
export async function checkEncoder<Options extends object>(
  encoder: DefinedEncoder<Options>,
  check: EncoderCheck<Options> = {},
): Promise<readonly ModulePromise[]> {
  const { options, imageSize = 32, channels = 3 } = check;
  return checkModule(
    {
      title: `checkEncoder: the encoder "${encoder.name}"`,
      build(random) {
        const built = encoder.build({ options, imageSize, channels, random });
        return {
          weights: built.weights,
          outputDimension: built.featureDimension,
          forward(images, pass) {
            const { pooled, endpoints } = built.forward(images as tf.Tensor4D, pass);
            return [...Object.values(endpoints), pooled];
          },
          dispose: () => built.dispose(),
        };
      },
      inputs(rows, random) {
        const shape: [number, number, number, number] = [rows, imageSize, imageSize, channels];
        return tf.tensor4d(
          Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.uniform()),
          shape,
        );
      },
    },
    check,
  );
}
