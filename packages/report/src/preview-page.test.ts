import type { RawImage } from "@simclr/core";
import { parseHTML } from "linkedom";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { previewPage } from "./preview-page.js";

const pixel = (value: number): RawImage => ({ height: 1, width: 2, channels: 1, data: Uint8Array.of(value, value) });
const view = (value: number, ...steps: Parameters<typeof previewPage>[0]["rows"][0]["views"][0]["steps"]) => ({
  image: pixel(value),
  steps,
});

describe("previewPage", () => {
  it("shows every original, its views, and what was drawn for each, and runs nothing that is in a name", async () => {
    const name = "<script>alert(1)</script>";
    const page = await previewPage({
      title: "photos",
      facts: [{ name: "seed", value: 7 }],
      rows: [
        {
          ...{ name, original: pixel(10) },
          views: [
            view(20, { step: "rotate", parameters: { applied: true, degrees: -12.5 } }),
            view(
              30,
              { step: "rotate", parameters: { applied: false } },
              { step: "randomOrder", parameters: { order: ["a", "b"] } },
            ),
          ],
        },
      ],
    });
    const { document } = parseHTML(page);
    const texts = (selector: string) => [...document.querySelectorAll(selector)].map((one) => one.textContent);
    expect(texts("script")).toEqual([]);
    expect(texts("h2")).toEqual([name]);
    expect(texts("figcaption b")).toEqual(["original", "view 1", "view 2"]);
    expect(texts("figcaption li")).toEqual(["rotate: degrees −12.5", "no rotate", "randomOrder: order (a, b)"]);
    const levels = await Promise.all(
      [...document.querySelectorAll("img")].map(async (image) => {
        const bytes = Buffer.from(image.getAttribute("src")!.split(",")[1]!, "base64");
        return (await sharp(bytes).raw().toBuffer())[0];
      }),
    );
    expect(levels).toEqual([10, 20, 30]);
  });

  it("needs an image", async () => {
    await expect(previewPage({ title: "none", facts: [], rows: [] })).rejects.toThrow(
      "previewPage: `rows` must hold at least one image; received none. Pass a few.",
    );
  });
});
