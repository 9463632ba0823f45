import type * as tf from "@tensorflow/tfjs-core";
import { checkModule, type ModuleCheck, type ModulePromise, normal } from "./check-module.js";
import type { DefinedHead } from "./define-head.js";

export interface HeadCheck<Options extends object> extends ModuleCheck {
  /** @defaultValue the head's own */
  readonly options?: Partial<Options>;
  /** Length of the representations. @defaultValue 12 */
  readonly inputDimension?: number;
}

/**
 * Tests what a head promises, on random representations: all that `checkEncoder` tests of an encoder.
 *
 * @example
 * import "@simclr/ops/register"; // gradients
 * it("keeps its promises", () => checkHead(layerNormHead, { inputDimension: 8 }));
 *
 * @returns What was tested.
 * @throws InvalidArgumentError (rejects) listing all promises that were broken.
 */
export async function checkHead<Options extends object>(
  head: DefinedHead<Options>,
  check: HeadCheck<Options> = {},
): Promise<readonly ModulePromise[]> {
  const { options, inputDimension = 12 } = check;
  return checkModule(
    {
      title: `checkHead: the head "${head.name}"`,
      build(random) {
        const built = head.build({ options, inputDimension, random });
        return {
          weights: built.weights,
          outputDimension: built.dimensionAfter(built.layers),
          forward: (x, pass) => built.forward(x as tf.Tensor2D, pass),
          dispose: () => built.dispose(),
        };
      },
      inputs: (rows, random) => normal([rows, inputDimension], random),
    },
    check,
  );
}
