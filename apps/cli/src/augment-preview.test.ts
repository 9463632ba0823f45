// `simclr augment preview` as a user runs it, on drawn shapes, and on real photos where SIMCLR_TEST_DATA names their folder.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import type { AugmentPreviewOutput } from "./augment-preview-command.js";
import { spawnSimclr } from "./testing.js";

const PHOTOS = join(process.env.SIMCLR_TEST_DATA ?? "", "sign-digits", "images.tar");
const skipped = !process.env.SIMCLR_TEST_DATA || !existsSync(PHOTOS);
/** Tiles of 96 pixels, 4 between them. */
const sheetEdge = (tiles: number): number => 100 * tiles - 4;

const folder = mkdtempSync(join(tmpdir(), "simclr-preview-"));
afterAll(() => rmSync(folder, { recursive: true }));
const preview = (...args: string[]) => spawnSimclr(["augment", "preview", ...args], { cwd: folder });

describe("simclr augment preview", () => {
  it("draws what a configuration's recipe makes of its images: here, nothing but mirrored ones", async () => {
    const config = {
      name: "mirrored",
      data: { train: "shapes", test: "shapes", imageSize: 32, limit: 50, testLimit: 500 },
      pretrain: {
        batchSize: 10,
        steps: 1,
        optimizer: { learningRate: 1 },
        augmentation: { recipe: ["flipLeftRight"] },
      },
      labels: [{ perClass: 1 }],
      finetune: { batchSize: 10, steps: 1, optimizer: { learningRate: 1 } },
    };
    writeFileSync(join(folder, "mirrored.yaml"), JSON.stringify(config));
    const { status, stdout, stderr } = await preview(
      ...["mirrored.yaml", "--rows", "2", "--views", "5", "-o", "sheet.png", "--json"],
    );
    expect([status, stderr]).toEqual([0, ""]);
    const { file, recipe, images }: AugmentPreviewOutput = JSON.parse(stdout);
    expect([file, recipe, images.length]).toEqual(["sheet.png", ["flipLeftRight"], 2]);
    const { data, info } = await sharp(join(folder, "sheet.png"))
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([sheetEdge(6), sheetEdge(2)]);
    const pixel = (row: number, tile: number, x: number, y: number): number =>
      data[3 * (info.width * (100 * row + y) + 100 * tile + x)]!;
    for (const [row, { views }] of images.entries())
      for (const [view, [draw]] of views.entries())
        for (const [x, y] of [10, 24, 40, 60, 80].map((at) => [at, 30 + at / 2] as const)) {
          const mirrored = draw!.parameters.applied === true;
          expect(pixel(row, view + 1, mirrored ? 95 - x : x, y)).toBe(pixel(row, 0, x, y));
        }
  });

  it("says which recipes there are, and which files it writes", async () => {
    const recipe = await preview("shapes", "--recipe", "simclr-v3");
    expect(recipe.stderr).toContain(
      "error: --set pretrain.augmentation.recipe=simclr-v3: `pretrain.augmentation.recipe`: must be one of simclr, simclr-v2, cifar, crop-only, or a list of augmentations",
    );
    const ending = await preview("shapes", "-o", "sheet.jpg");
    expect(ending.stderr).toBe(
      "error: --output: the file must end in .html, .png, which chooses the format; received sheet.jpg.\n",
    );
    expect([recipe.status, ending.status]).toEqual([2, 2]);
  });

  it.skipIf(skipped)("tells on a page what was drawn for real photos (needs SIMCLR_TEST_DATA)", async () => {
    const { status, stdout, stderr } = await preview(PHOTOS, "--recipe", "simclr", "--rows", "3", "--seed", "1");
    expect([status, stdout], stderr).toEqual([0, "views.html\n"]);
    const page = readFileSync(join(folder, "views.html"), "utf8");
    expect(page.match(/<img /g)).toHaveLength(3 * 7);
    expect(page).toMatch(/<h2 id="image-3-title">images\.tar:\d\/IMG_\d+\.JPG<\/h2>/);
    expect(page.match(/randomResizedCrop: top \d+, left \d+, height \d+, width \d+/g)).toHaveLength(3 * 6);
  });
});
