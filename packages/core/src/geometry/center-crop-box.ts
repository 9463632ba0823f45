import type { CenterCropSpec, CropBox } from "../crop-spec.js";
import { checkInteger } from "../shape.js";
import { checkCropSpec } from "./check-crop-spec.js";
import { roundHalfEven } from "./round.js";

/**
 * The test-time crop: a central square whose side is `spec.fraction` of the image's shorter side.
 *
 * The offset is floor((dimension - side + 1) / 2). A fraction of 1 keeps the whole of a square image, as the
 * reference does for images of 32 pixels or less.
 *
 * @param height - Height of the image in pixels, >= 1.
 * @param width - Width of the image in pixels, >= 1.
 * @throws InvalidArgumentError if the sizes or `spec.fraction` make no sense.
 * @see simclr/data_util.py, `center_crop`
 */
export function centerCropBox(spec: CenterCropSpec, height: number, width: number): CropBox {
  checkInteger("centerCropBox", { height }, 1);
  checkInteger("centerCropBox", { width }, 1);
  checkCropSpec("centerCropBox", spec);
  const side = Math.max(1, roundHalfEven(spec.fraction * Math.min(height, width)));
  return {
    top: Math.floor((height - side + 1) / 2),
    left: Math.floor((width - side + 1) / 2),
    height: side,
    width: side,
  };
}
