import "@simclr/backend-onednn/register";
import { Random } from "@simclr/core";
import { describeBackends } from "@simclr/test-utils";
import { expect, it } from "vitest";
import { batchView } from "./batch-view.js";

describeBackends(["cpu", "onednn"], () => {
  it("takes views in shared memory, which the loader may use again afterwards", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16)).fill(0.5);
    const batch = {
      kind: "cropped",
      indices: Int32Array.of(0),
      labels: Int32Array.of(-1),
      views: [shared],
      shape: [1, 2, 2, 1],
    } as const;
    const images = batchView(batch, [], { random: Random.fromSeed(0), epoch: 0, step: 0, view: 0 });
    shared.fill(9);
    expect([...(await images.data())]).toEqual([0.5, 0.5, 0.5, 0.5]);
    images.dispose();
  });
});
