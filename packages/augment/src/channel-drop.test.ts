import "@simclr/backend-onednn/register";
import { describeBackends } from "@simclr/test-utils";
import { describe, expect, it } from "vitest";
import { channelDrop } from "./channel-drop.js";
import { appliedAndDrawn, context, noise, repeat } from "./test-images.js";

describe("channelDrop", () => {
  describeBackends(["cpu", "onednn"], () => {
    it("fills one channel of a fifth of the images, each as often, and touches nothing else", () => {
      const image = noise([1, 2, 3, 3]);
      const plain = [...image.dataSync()];
      const dropped = [0, 0, 0];
      for (const { values, drawn } of appliedAndDrawn(channelDrop(), repeat(600, image))) {
        const channels = (drawn[0]!.channels ?? []) as number[];
        expect(channels.length).toBe(drawn[0]!.applied ? 1 : 0);
        expect([...values]).toEqual(plain.map((value, k) => (channels.includes(k % 3) ? 0 : value)));
        for (const channel of channels) dropped[channel]! += 1;
      }
      const total = dropped[0]! + dropped[1]! + dropped[2]!;
      expect(Math.abs(total - 120)).toBeLessThan(4 * Math.sqrt(600 * 0.2 * 0.8));
      for (const count of dropped) expect(Math.abs(count - total / 3)).toBeLessThan(4 * Math.sqrt((total * 2) / 9));
    });

    it("drops as many of any number of channels as it is told, and fills them as it is told", () => {
      const image = noise([1, 2, 2, 5]);
      const plain = [...image.dataSync()];
      const option = { probability: 1, count: 3, fill: 0.5 };
      for (const { values, drawn } of appliedAndDrawn(channelDrop(option), repeat(20, image))) {
        const channels = drawn[0]!.channels as number[];
        expect(new Set(channels).size).toBe(3);
        expect([...values]).toEqual(plain.map((value, k) => (channels.includes(k % 5) ? 0.5 : value)));
      }
    });
  });

  it("says when no channel would be left", () => {
    expect(() => channelDrop().apply(noise([1, 2, 2, 1]), context(1))).toThrow(
      "channelDrop: `images` must have more channels than `count`, 1; received 1. Take channelDrop out of the recipe, or lower `count`.",
    );
    expect(() => channelDrop({ count: 0 })).toThrow("channelDrop: `count` must be an integer >= 1; received 0.");
  });
});
