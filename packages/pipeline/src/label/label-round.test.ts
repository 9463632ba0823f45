import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDataset } from "@simclr/data";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LabelRound } from "./label-round.js";
import { pendingImages } from "./labelling.js";

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "simclr-label-"));
  file = join(folder, "labels.csv");
});
afterEach(() => rm(folder, { recursive: true }));

/** Files with the names of images: a round asks for names, and looks into none. */
async function images(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), "");
  }
}

const FOUR = ["a.png", "b.png", "c.png", "d.png"];
const asked: (readonly [count: number, labels: string | undefined])[] = [];
beforeEach(() => {
  asked.length = 0;
});
const open = (chosen: readonly string[] = FOUR, source = "one"): Promise<LabelRound> =>
  LabelRound.open({
    ...{ images: folder, count: chosen.length, source },
    suggest: async (count, labels) => {
      asked.push([count, labels]);
      return chosen.slice(0, count);
    },
  });
const text = (): Promise<string> => readFile(file, "utf8");

/** What the reader of data sets makes of the folder. */
async function labelsNow(): Promise<Record<string, string>> {
  const dataset = await openDataset(folder);
  const rows = [...dataset.labels].flatMap((label, row) =>
    label < 0 ? [] : [[dataset.id(row), dataset.classNames[label]!]],
  );
  await dataset.close();
  return Object.fromEntries(rows) as Record<string, string>;
}

describe("a round of labelling on the disk", () => {
  it("writes every answer at once, as the reader of data sets takes it, and undo takes its row back", async () => {
    const names = ["a, b.png", 'q"uote.png', " space .png", "plain.png"];
    await images(...names);
    const round = await open(names);
    expect(existsSync(file)).toBe(false);
    await round.answer("a, b.png", "two, words");
    await round.answer('q"uote.png', 'a "class"');
    await round.answer(" space .png", "plain");
    const all = { "a, b.png": "two, words", 'q"uote.png': 'a "class"', " space .png": "plain" };
    expect(await labelsNow()).toEqual(all);
    await round.undo();
    expect(await text()).toBe('file,label\n"a, b.png","two, words"\n"q""uote.png","a ""class"""\n');
    await round.close();
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("leaves what stood in the file as it was, to the byte, in its order of columns", async () => {
    await images(...FOUR);
    const before = '\uFEFFlabel,file\r\n"cat",d.png\r\ndog,a.png';
    await writeFile(file, before);
    const round = await open(["b.png", "c.png"]);
    expect(round.labelling.classes).toEqual(["cat", "dog"]);
    await round.answer("b.png", "owl");
    expect(await text()).toBe(`${before}\nowl,b.png\n`);
    expect(await labelsNow()).toEqual({ "a.png": "dog", "b.png": "owl", "d.png": "cat" });
    await round.undo();
    expect(await text()).toBe(`${before}\n`);
    await round.close();
  });

  it("keeps the labels that class folders give, which a labels.csv replaces", async () => {
    await images("cats/1.png", "dogs/1.png", "2.png", "3.png");
    const round = await open(["2.png", "3.png"]);
    await round.answer("2.png", undefined);
    expect(existsSync(file)).toBe(false); // skipping writes no labels
    await round.answer("3.png", "cats");
    expect(await labelsNow()).toEqual({ "cats/1.png": "cats", "dogs/1.png": "dogs", "3.png": "cats" });
    await round.close();
  });

  it("goes on where it was left, skipped images and undo included, without choosing again", async () => {
    await images(...FOUR);
    const first = await open();
    await first.answer("a.png", "zebra");
    await first.answer("b.png", undefined);
    await first.answer("c.png", "ant");
    await first.close();
    const second = await open();
    expect([second.isResumed, asked]).toEqual([true, [[4, undefined]]]);
    expect(second.labelling).toEqual(first.labelling);
    expect(second.labelling.classes).toEqual([]);
    for (let i = 0; i < 3; i++) await second.undo();
    expect(pendingImages(second.labelling)).toEqual(FOUR);
    expect(await labelsNow()).toEqual({});
    await second.close();
  });

  it("begins a new round after the last image, and for another source, with the labels that are left", async () => {
    await images(...FOUR);
    const first = await open(["a.png", "b.png"]);
    await first.answer("a.png", "cat");
    await first.close();
    const other = await open(["b.png", "c.png"], "two");
    expect(other.isResumed).toBe(false);
    await other.answer("b.png", "cat");
    await other.answer("c.png", "dog");
    await other.close();
    const third = await open(["d.png", "a.png"], "two"); // of two that are wanted, one has no label
    expect([third.isResumed, third.labelling.images]).toEqual([false, ["d.png"]]);
    expect(asked.slice(1)).toEqual([
      [2, file],
      [1, file],
    ]);
    await third.answer("d.png", "dog");
    await third.close();
    await expect(open()).rejects.toThrow("Every one of the 4 images");
  });

  it("goes on after an edit by hand, which is right, and takes no row back that it does not know", async () => {
    await images(...FOUR);
    const first = await open();
    await first.answer("a.png", "cat");
    await first.answer("b.png", "cat");
    await first.close();
    await writeFile(file, "file,label\na.png,dog\nb.png,cat\nd.png,owl\n");
    const second = await open();
    expect(pendingImages(second.labelling)).toEqual(["c.png"]);
    expect(second.labelling.answers).toEqual([]);
    await second.undo();
    expect(await text()).toBe("file,label\na.png,dog\nb.png,cat\nd.png,owl\n");
    await second.close();
  });

  it("goes on after a crash between its two files", async () => {
    await images(...FOUR);
    const first = await open();
    await first.answer("a.png", "cat");
    const before = await text();
    await first.answer("b.png", "dog");
    await first.close();
    await writeFile(file, before);
    const second = await open();
    expect(second.labelling.answers).toEqual([{ file: "a.png", label: "cat" }]);
    expect(pendingImages(second.labelling)[0]).toBe("b.png");
    await second.close();
  });

  it("refuses to write over what another program has written, and answers stay what they were", async () => {
    await images(...FOUR);
    const round = await open();
    await round.answer("a.png", "cat");
    await writeFile(file, "file,label\na.png,dog\n");
    await expect(round.answer("b.png", "cat")).rejects.toThrow("was changed by another program, and is left as it is");
    expect(await text()).toBe("file,label\na.png,dog\n");
    expect(pendingImages(round.labelling)[0]).toBe("b.png");
    await round.close();
  });

  it("takes answers that come at once one after another", async () => {
    await images(...FOUR);
    const round = await open();
    const results = await Promise.allSettled([
      round.answer("a.png", "x"),
      round.answer("a.png", "y"),
      round.answer("b.png", "z"),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await text()).toBe("file,label\na.png,x\nb.png,z\n");
    await round.close();
  });

  it("says what could not be written, and takes the answer once it can", async () => {
    await images(...FOUR);
    const round = await open();
    await round.answer("a.png", "cat");
    const inTheWay = join(folder, ".labels.csv.round.json");
    await rm(inTheWay);
    await mkdir(join(inTheWay, "full"), { recursive: true });
    await expect(round.answer("b.png", "dog")).rejects.toThrow(/labels\.csv could not be written: .*this one is not/);
    expect(await text()).toBe("file,label\na.png,cat\n");
    await rm(inTheWay, { recursive: true });
    await round.answer("b.png", "dog");
    expect(await text()).toBe("file,label\na.png,cat\nb.png,dog\n");
    await round.close();
  });

  it("refuses a file in the place of a folder, and a damaged round", async () => {
    await images(...FOUR);
    const archive = LabelRound.open({ images: join(folder, "a.png"), source: "", suggest: async () => [] });
    await expect(archive).rejects.toThrow("the page needs a folder of images on this machine");
    await writeFile(join(folder, ".labels.csv.round.json"), "{");
    await expect(open()).rejects.toThrow(/\.labels\.csv\.round\.json is damaged, or of another version/);
  });
});
