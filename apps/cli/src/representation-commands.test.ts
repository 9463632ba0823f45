import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { parse } from "npyjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, spawnSimclr } from "./testing.js";
import { HUES, layOutHues } from "./testing-hues.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-cli-"));
  await layOutHues(folder);
  copyFileSync(join(folder, "photos/green-2.png"), join(folder, "elsewhere.png"));
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const simclr = (...args: string[]): Promise<Ended> => spawnSimclr(args, { cwd: folder });

const hueOf = (file: string): string => file.split("-")[0]!;

describe("simclr embed", () => {
  it("writes the same numbers for NumPy, as Parquet and as CSV", async () => {
    for (const output of ["photos.npy", "photos.parquet", "photos.csv"]) {
      const { status, stdout, stderr } = await simclr("embed", "encoder.safetensors", "photos", "-o", output);
      expect(stderr).toContain("15 images, 64 numbers each");
      expect(status).toBe(0);
      expect(stdout).toBe(output === "photos.npy" ? "photos.npy\nphotos.files.csv\n" : `${output}\n`);
    }
    const npy = parse(new Uint8Array(readFileSync(join(folder, "photos.npy"))).buffer);
    expect([npy.dtype, npy.shape, npy.fortranOrder]).toEqual(["f4", [15, 64], false]);
    const values = [...(npy.data as Float32Array)];
    const rows = await parquetReadObjects({
      file: new Uint8Array(readFileSync(join(folder, "photos.parquet"))).buffer,
    });
    expect(rows.flatMap(({ embedding }) => embedding as number[])).toEqual(values);
    expect(rows.map(({ label }) => label)).toEqual(Array(15).fill(null));
    const [header, ...lines] = readFileSync(join(folder, "photos.csv"), "utf8").trim().split("\n");
    expect(header).toMatch(/^file,label,0,1,.*,63$/);
    expect(lines.flatMap((line) => line.split(",").slice(2).map(Number))).toEqual(values);
    const names = readFileSync(join(folder, "photos.files.csv"), "utf8").trim().split("\n").slice(1);
    expect(names).toEqual(rows.map(({ file }) => `${String(file)},`));
    expect(names[0]).toBe("blue-0.png,");
    // Row by row, the copy has the numbers of its original.
    expect(rows[14]!.embedding).toEqual(rows[10]!.embedding);
  }, 60_000);

  it("refuses another ending before it loads anything", async () => {
    const { status, stderr, stdout } = await simclr("embed", "nowhere", "photos", "-o", "photos.h5");
    expect(stderr).toBe(
      "error: --output: the file must end in .npy, .parquet, .csv, which chooses the format; received photos.h5.\n",
    );
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("simclr neighbors", () => {
  it("finds the copy of an image first, then its kind, and not the image itself", async () => {
    const { status, stdout } = await simclr("neighbors", "encoder.safetensors", "photos", "red-0.png", "-k", "4");
    expect(status).toBe(0);
    const rows = stdout.trim().split("\n");
    expect(rows[0]).toBe("file,similarity,label");
    expect(rows[1]).toBe("red-4.png,1.0000,");
    expect(rows.slice(1).map(hueOf)).toEqual(Array(4).fill("red"));
  }, 60_000);

  it("takes a file from elsewhere, and says which names there are", async () => {
    const found = await simclr("neighbors", "encoder.safetensors", "photos", "elsewhere.png", "-k", "2", "--json");
    const { query, neighbors } = JSON.parse(found.stdout);
    expect(query).toBe("elsewhere.png");
    expect(neighbors).toHaveLength(2);
    expect(neighbors[0].file).toBe("green-2.png");
    expect(neighbors[0].similarity).toBeCloseTo(1, 5);
    const missing = await simclr("neighbors", "encoder.safetensors", "photos", "red-9.png");
    expect(missing.stderr).toMatch(/error: embed: .* holds no image called "red-9\.png"\. Its first is blue-0\.png;/);
    expect(missing.status).toBe(2);
  }, 60_000);
});

describe("simclr label", () => {
  it("asks for one image of each kind, and for the kind that has no label yet", async () => {
    const { status, stdout } = await simclr("label", "encoder.safetensors", "photos", "-n", "3", "--json");
    expect(status).toBe(0);
    const { images } = JSON.parse(stdout) as { images: string[] };
    expect(new Set(images.map(hueOf))).toEqual(new Set(HUES));

    writeFileSync(join(folder, "photos/labels.csv"), "file,label\nred-1.png,warm\nblue-3.png,cold\n");
    const next = await simclr("label", "encoder.safetensors", "photos", "-n", "1");
    expect(next.stdout).toMatch(/^file,label\ngreen-\d\.png,\n$/);
    const tooMany = await simclr("label", "encoder.safetensors", "photos", "-n", "14");
    expect(tooMany.stderr).toContain("`count` and the 2 labelled images must be at most 15 images together");
    expect(tooMany.status).toBe(2);
  }, 60_000);

  it("refuses options that would be of no effect", async () => {
    const message = async (...args: string[]) => (await simclr("label", "nowhere", "photos", ...args)).stderr;
    expect(await message("--labels", "x.csv")).toBe(
      "error: label: --labels needs --page, which writes the file. Leave it out, or add --page.\n",
    );
    expect(await message("--page", "--json")).toBe(
      "error: label: --json does not go with --page, whose answers are in a file. Leave it out.\n",
    );
  }, 30_000);
});
