import { type CropSpec, RESIZE_KERNELS } from "../crop-spec.js";
import { InvalidArgumentError } from "../errors.js";
import { checkChoice, checkInteger } from "../shape.js";

/**
 * Throws unless `spec` describes a crop that can be drawn.
 *
 * @throws InvalidArgumentError naming the field.
 */
export function checkCropSpec(where: string, spec: CropSpec): void {
  const { kind, size, kernel } = spec;
  checkChoice(where, { kind }, ["random-resized-crop", "center-crop"]);
  checkInteger(where, { size }, 1);
  checkChoice(where, { kernel }, RESIZE_KERNELS);
  if (spec.kind === "random-resized-crop") {
    checkChoice(where, { sampler: spec.sampler }, ["tf", "torchvision"]);
    checkRange(where, "area", spec.area, 1);
    checkRange(where, "aspect", spec.aspect, Number.POSITIVE_INFINITY);
  } else if (!(spec.fraction > 0 && spec.fraction <= 1)) {
    throw new InvalidArgumentError(
      `${where}: \`fraction\` must be in (0, 1]; received ${spec.fraction}. It is the side of the crop as a fraction of the image's shorter side; the reference uses 0.875.`,
      { subject: "fraction", expected: "in (0, 1]", received: String(spec.fraction) },
    );
  }
}

function checkRange(where: string, name: string, range: readonly [number, number], limit: number): void {
  const [low, high] = range;
  if (low > 0 && low <= high && high <= limit && Number.isFinite(high)) return;
  const expected =
    limit === 1 ? "a range [low, high] with 0 < low <= high <= 1" : "a range [low, high] with 0 < low <= high";
  const received = `[${low}, ${high}]`;
  throw new InvalidArgumentError(`${where}: \`${name}\` must be ${expected}; received ${received}.`, {
    subject: name,
    expected,
    received,
  });
}
