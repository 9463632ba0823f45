// By package name on purpose: the worker files exist in dist only, so this runs the built code.
import { join } from "node:path";
import { cacheDecoded, defineDataset, openDataset, subset } from "@simclr/data";
import sharp from "sharp";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { failure, picture, temporaryFolder, writeTree } from "../test/files.js";

vi.setConfig({ testTimeout: 30_000 }); // starting threads is slow on a busy machine

const root = temporaryFolder();
const uniform = join(root, "uniform");
const mixed = join(root, "mixed");

beforeAll(async () => {
  for (let i = 0; i < 150; i++)
    writeTree(uniform, { [`${i % 2 ? "odd" : "even"}/${String(i).padStart(3, "0")}.png`]: await picture([i, 1, 2]) });
  const broken = (await picture([1, 2, 3], { format: "jpeg" })).subarray(0, 200);
  writeTree(mixed, {
    "a.jpg": broken,
    "b.png": await picture([11, 0, 0], { width: 8, height: 6 }),
    "c.png": await picture([12, 0, 0]),
    "d.png": "",
    "e.png": await picture([13, 0, 0]),
    "labels.csv": "file,label\nb.png,x\nd.png,y\ne.png,y\n",
  });
});

describe("cacheDecoded", () => {
  it("puts images of one size into one array, equal to what read gives", async () => {
    const dataset = await openDataset(uniform);
    const progress: number[] = [];
    const cached = await cacheDecoded(dataset, { workers: 2, onProgress: ({ done }) => progress.push(done) });
    await dataset.close();
    expect(cached.imageShape).toEqual({ height: 8, width: 8, channels: 3 });
    expect([cached.size, cached.byteLength, cached.pixels?.length]).toEqual([150, 150 * 192, 150 * 192]);
    expect(progress.at(-1)).toBe(150);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    for (let i = 0; i < 150; i++) {
      const number = Number(/(\d+)\.png/.exec(cached.id(i))![1]);
      expect([cached.pixels![i * 192], (await cached.read(i)).data[191 - 2]]).toEqual([number, number]);
      expect(cached.labels[i]).toBe(number % 2);
    }
    expect(cached.fingerprint).toBe(dataset.fingerprint);
  });

  it("keeps a fourth channel, and does not weigh the others by it", async () => {
    // Red 200 everywhere; the fourth channel is 0 in the left half and 100 in the right one.
    const side = 8;
    const pixels = Buffer.alloc(4 * side * side);
    for (let i = 0; i < side * side; i++) pixels.set([200, 0, 0, i % side < side / 2 ? 0 : 100], 4 * i);
    const folder = join(root, "four");
    writeTree(folder, {
      "a.png": await sharp(pixels, { raw: { width: side, height: side, channels: 4 } })
        .png()
        .toBuffer(),
      "b.png": await picture([7, 8, 9]),
    });
    const dataset = await openDataset(folder, { channels: 4 });
    const whole = await dataset.read(0);
    expect([whole.height, whole.width, whole.channels, ...whole.data]).toEqual([side, side, 4, ...pixels]);
    expect([...(await dataset.read(1)).data.subarray(0, 4)]).toEqual([7, 8, 9, 255]);
    const cached = await cacheDecoded(dataset, { maxSide: 2 });
    expect(cached.imageShape).toEqual({ height: 2, width: 2, channels: 4 });
    const { data } = await cached.read(0);
    expect([...data].filter((_, i) => i % 4 === 0)).toEqual([200, 200, 200, 200]); // and not less where the fourth is 0
    expect(data[3]).toBeLessThan(20);
    expect(data[7]).toBeGreaterThan(80);
    const plane = defineDataset({
      name: "two channels",
      size: 1,
      read: () => ({
        data: Uint8Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 10 : 30)),
        height: 4,
        width: 4,
        channels: 2,
      }),
    });
    expect([...(await (await cacheDecoded(plane, { maxSide: 1 })).read(0)).data]).toEqual([10, 30]);
  });

  it("names a broken image, or leaves it out without a gap and lists it", async () => {
    const dataset = await openDataset(mixed);
    expect(await failure(cacheDecoded(dataset))).toMatch(/^Cannot decode the image [ad]\.(jpg|png): /);
    const cached = await cacheDecoded(dataset, { onBroken: "skip" });
    expect(cached.skipped.map(({ id }) => id)).toEqual(["a.jpg", "d.png"]);
    expect(cached.skipped[1]!.reason).toBe("the file is empty");
    expect([0, 1, 2].map((i) => cached.id(i))).toEqual(["b.png", "c.png", "e.png"]);
    expect([...cached.labels]).toEqual([0, -1, 1]);
    expect([cached.imageShape, cached.pixels]).toEqual([undefined, undefined]);
    expect([(await cached.read(0)).height, (await cached.read(2)).data[0]]).toEqual([6, 13]);
    expect(cached.fingerprint).not.toBe(dataset.fingerprint);
    expect(subset(cached, [1, 2]).imageShape).toEqual({ height: 8, width: 8, channels: 3 });
    const policy = await openDataset(mixed, { onBroken: "skip" });
    expect((await cacheDecoded(policy)).size).toBe(3);
  });

  it("closes the gaps of skipped images between images of one size", async () => {
    const folder = writeTree(join(root, "gaps"), {
      "a.png": await picture([1, 0, 0]),
      "b.png": "x",
      "c.png": await picture([3, 0, 0]),
    });
    const cached = await cacheDecoded(await openDataset(folder, { onBroken: "skip" }));
    expect([cached.size, cached.pixels?.[0], cached.pixels?.[192], cached.pixels?.length]).toEqual([2, 1, 3, 384]);
  });

  it("shrinks what is larger than maxSide, by its shorter side, and nothing else", async () => {
    const folder = writeTree(join(root, "large"), {
      "a.png": await picture([50, 60, 70], { width: 90, height: 30 }),
      "b.png": await picture([50, 60, 70], { width: 9, height: 90 }),
    });
    const dataset = await openDataset(folder);
    const cached = await cacheDecoded(dataset, { maxSide: 10 });
    const [a, b] = [await cached.read(0), await cached.read(1)];
    expect([a.height, a.width, b.height, b.width]).toEqual([10, 30, 90, 9]);
    expect([...a.data.subarray(0, 3)]).toEqual([50, 60, 70]); // one colour stays itself under any filter
  });

  it("keeps to maxBytes, and says what would be needed", async () => {
    const dataset = await openDataset(uniform);
    expect(await failure(cacheDecoded(dataset, { maxBytes: 10_000 }))).toMatch(
      /^The decoded images take more than `maxBytes` \(0 MB\): \d+ of 150 fill it, and all would take about 0 MB\. Raise maxBytes/,
    );
    expect((await cacheDecoded(dataset, { maxBytes: 150 * 192 })).size).toBe(150);
  });

  it("decodes a part of a data set", async () => {
    const part = subset(await openDataset(uniform), [149, 0, 75]);
    const cached = await cacheDecoded(part);
    expect([cached.size, cached.id(0)]).toEqual([3, part.id(0)]);
    const number = (i: number): number => Number(/(\d+)\.png/.exec(part.id(i))![1]);
    expect([0, 1, 2].map((i) => cached.pixels![i * 192])).toEqual([0, 1, 2].map(number));
  });

  it("stops at a signal", async () => {
    const dataset = await openDataset(uniform);
    expect(await failure(cacheDecoded(dataset, { signal: AbortSignal.abort(new Error("enough")) }))).toBe("enough");
    const controller = new AbortController();
    const stop = () => controller.abort(new Error("later"));
    expect(await failure(cacheDecoded(dataset, { signal: controller.signal, onProgress: stop }))).toBe("later");
  });

  it("reads data sets that are not files, and shrinks their images too", async () => {
    const dataset = defineDataset({
      name: "ramp",
      size: 20,
      read: async (i) => {
        if (i === 3) throw new Error("lost");
        const side = i === 5 ? 16 : 8;
        return { data: new Uint8Array(side * side).fill(i), height: side, width: side, channels: 1 };
      },
    });
    expect(await failure(cacheDecoded(dataset))).toContain("Cannot decode the image ramp[3]: lost.");
    const cached = await cacheDecoded(dataset, { maxSide: 8, onBroken: "skip" });
    expect([cached.size, cached.imageShape]).toEqual([19, { height: 8, width: 8, channels: 1 }]);
    expect([3, 4, 18].map((i) => cached.pixels![i * 64])).toEqual([4, 5, 19]);
  });

  it("decodes in workers what sharp decodes here", async () => {
    const noise = Buffer.from(Array.from({ length: 40 * 30 * 3 }, (_, i) => (i * 7919) % 251));
    const jpeg = await sharp(noise, { raw: { width: 40, height: 30, channels: 3 } })
      .jpeg()
      .toBuffer();
    const cached = await cacheDecoded(await openDataset(writeTree(join(root, "noise"), { "a.jpg": jpeg })));
    expect(Buffer.compare(Buffer.from(cached.pixels!), await sharp(jpeg).raw().toBuffer())).toBe(0);
  });
});
