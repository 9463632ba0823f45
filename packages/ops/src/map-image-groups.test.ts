import "@simclr/backend-onednn/register";
import { describeBackends, expectClose, expectNewTensors } from "@simclr/test-utils";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { mapImageGroups } from "./map-image-groups.js";

describe("mapImageGroups", () => {
  describeBackends(["cpu", "onednn"], () => {
    const batch = (): tf.Tensor4D => tf.tensor4d([0, 1, 2, 3, 4], [5, 1, 1, 1]);

    it("maps each group and keeps the order of the batch", () => {
      const seen: [number, readonly number[]][] = [];
      const result = mapImageGroups(batch(), [7, -1, 7, 3, -1], (images, group, indices) => {
        seen.push([group, indices]);
        return group === 3 ? images : tf.add(images, 10 * group);
      });
      expectClose(result, [70, -9, 72, 3, -6], {});
      expect(seen).toEqual([
        [7, [0, 2]],
        [-1, [1, 4]],
        [3, [3]],
      ]);
    });

    it("gives a new tensor even where nothing happens, and leaves nothing else", () => {
      const images = batch();
      expectNewTensors(1, () => mapImageGroups(images, [1, 1, 1, 1, 1], (same) => same));
      expectNewTensors(1, () => mapImageGroups(images, [1, 0, 1, 1, 1], (same) => tf.neg(same)));
      expectClose(images, [0, 1, 2, 3, 4], {});
    });
  });

  it("says when the groups do not fit the batch", () => {
    expect(() => mapImageGroups(tf.zeros([2, 1, 1, 1]), [0], (images) => images)).toThrow(
      "mapImageGroups: `groupOf` must have one entry per image, 2; received 1.",
    );
  });
});
