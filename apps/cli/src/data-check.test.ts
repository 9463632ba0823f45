// `simclr data check` as a user runs it, on files made here, and on real photos where SIMCLR_TEST_DATA names their folder.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dataCheckSchema } from "@simclr/pipeline";
import { afterAll, describe, expect, it } from "vitest";
import { spawnSimclr } from "./testing.js";

const TIMEOUT_MS = 120_000;
const PHOTOS = join(process.env.SIMCLR_TEST_DATA ?? "", "sign-digits", "images.tar");
const skipped = !process.env.SIMCLR_TEST_DATA || !existsSync(PHOTOS);

const folder = mkdtempSync(join(tmpdir(), "simclr-data-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** PNGs of one pixel. */
const GREY = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);
const RED = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC",
  "base64",
);

function write(files: Readonly<Record<string, Buffer | string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

it(
  "finds broken files and images with two labels, in a folder with both, and ends with 1",
  async () => {
    write({
      "train/a/1.png": GREY,
      "train/a/cut.png": GREY.subarray(0, 50),
      "train/b/same.png": GREY,
      "train/b/red.png": RED,
      "test/b/1.png": RED,
      "sound/a/1.png": GREY,
      "sound/b/1.png": RED,
    });
    const { status, stdout, stderr } = await spawnSimclr(["data", "check", "train", "test", "--sheet", "s.png"], {
      cwd: folder,
    });
    expect(status).toBe(1);
    expect(stderr).toBe("samples: s.png\n");
    expect(stdout).toContain("images: 4, 4 of them labelled");
    expect(stdout).toMatch(/broken: 1\n {4}a\/cut\.png: \S/);
    expect(stdout).toContain("a/1.png (a) = b/same.png (b)  labels differ");
    expect(stdout).toContain("problem: 1 image in more than one data set: b/red.png (b) = b/1.png (b)");
    expect(stdout).not.toMatch(/ at .*\.js/);
    expect(readFileSync(join(folder, "s.png")).subarray(1, 4).toString()).toBe("PNG");

    const asJson = await spawnSimclr(["data", "check", "train", "--json"], { cwd: folder });
    expect(asJson.status).toBe(1);
    const check = dataCheckSchema.parse(JSON.parse(asJson.stdout));
    expect(check.datasets[0]!.broken.map(({ id }) => id)).toEqual(["a/cut.png"]);
    expect(check.datasets[0]!.kinds).toEqual([
      { kind: "png b-w", images: 2 },
      { kind: "png srgb", images: 1 },
    ]);

    const sound = await spawnSimclr(["data", "check", "sound"], { cwd: folder });
    expect([sound.status, sound.stderr]).toEqual([0, ""]);
    expect(sound.stdout).toMatch(/no problems\n$/);
  },
  TIMEOUT_MS,
);

it(
  "says what is wrong with a path, a number and a sheet that cannot be written",
  async () => {
    write({ "sound/a/1.png": GREY });
    const run = async (...args: string[]) => spawnSimclr(["data", "check", ...args], { cwd: folder });
    const missing = await run("soun");
    expect([missing.status, missing.stdout]).toEqual([1, ""]);
    expect(missing.stderr).toMatch(/^error: The data path .*soun does not exist\. Did you mean/);
    const wrong = await run("sound", "--channels", "2");
    expect([wrong.status, wrong.stderr]).toEqual([
      2,
      "error: openDataset: `channels` must be 1, 3 or 4; received 2. For other images define a data set with defineDataset.\n",
    ]);
    const sheet = await run("sound", "--sheet", "no/such/folder.png");
    expect(sheet.status).toBe(2);
    expect(sheet.stderr).toMatch(/^error: --sheet: cannot write no\/such\/folder\.png: /);
  },
  TIMEOUT_MS,
);

describe.skipIf(skipped)(
  `hand signs${skipped ? " (skipped: set SIMCLR_TEST_DATA to the folder of real images)" : ""}`,
  () => {
    it(
      "are 2,062 photos of ten classes, three of them huge",
      async () => {
        const { status, stdout } = await spawnSimclr(["data", "check", PHOTOS, "--json"], { cwd: folder });
        const { datasets, problems } = dataCheckSchema.parse(JSON.parse(stdout));
        const [signs] = datasets;
        expect([signs!.images, signs!.labelled, signs!.classes.length, signs!.broken]).toEqual([2_062, 2_062, 10, []]);
        expect(signs!.sizes!.common[0]).toEqual({ width: 100, height: 100, images: 2_059 });
        expect(signs!.sizes!.largest.width).toBeGreaterThan(2_900);
        expect(status).toBe(problems.length === 0 ? 0 : 1);
      },
      TIMEOUT_MS,
    );
  },
);
