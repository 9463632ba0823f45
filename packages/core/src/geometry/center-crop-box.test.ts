import { describe, expect, it } from "vitest";
import type { CenterCropSpec } from "../crop-spec.js";
import { centerCropBox } from "./center-crop-box.js";

const spec: CenterCropSpec = { kind: "center-crop", size: 224, fraction: 0.875, kernel: "tf1-bicubic" };

describe("centerCropBox", () => {
  it.each([
    { height: 500, width: 375, top: 86, left: 24, side: 328 },
    { height: 256, width: 256, top: 16, left: 16, side: 224 },
    { height: 333, width: 333, top: 21, left: 21, side: 291 },
    { height: 12, width: 12, top: 1, left: 1, side: 10 }, // 10.5 rounds to the even 10
  ])("takes $side pixels at ($top, $left) out of $height x $width", ({ height, width, top, left, side }) => {
    expect(centerCropBox(spec, height, width)).toEqual({ top, left, height: side, width: side });
  });

  it("keeps the whole of a square image at fraction 1", () => {
    expect(centerCropBox({ ...spec, fraction: 1 }, 32, 32)).toEqual({ top: 0, left: 0, height: 32, width: 32 });
  });

  it("says what the fraction may be", () => {
    expect(() => centerCropBox({ ...spec, fraction: 1.2 }, 32, 32)).toThrow(
      "centerCropBox: `fraction` must be in (0, 1]; received 1.2. It is the side of the crop as a fraction of the image's shorter side; the reference uses 0.875.",
    );
  });
});
