#!/usr/bin/env node
// Lays the hand-sign photos out as a user with few labels would have them. 1,900 photos for training, of which five a
// sign keep their label, once flat with a labels.csv and once as labelled/<class>/ + unlabelled/; 162 photos for tests.
//   node scripts/lay-out-signs.mjs IMAGES_TAR FOLDER [--test 10x50]  ->  FOLDER/flat, FOLDER/folders, FOLDER/test/<class>
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const LABELS_PER_CLASS = 5;
/** Test photos come in blocks of consecutive numbers, so that a person, who took ten in a row, stays on one side. */
const { values, positionals } = parseArgs({
  options: { test: { type: "string", default: "9x18" } },
  allowPositionals: true,
});
const [TEST_BLOCKS, BLOCK] = values.test.split("x").map(Number);
const [archive, folder] = positionals;
if (archive === undefined || folder === undefined || !(TEST_BLOCKS > 0) || !(BLOCK > 0)) {
  console.error("usage: node scripts/lay-out-signs.mjs IMAGES_TAR FOLDER [--test BLOCKSxPHOTOS, such as 10x50]");
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const unpacked = mkdtempSync(join(folder, "unpacked-"));
if (spawnSync("tar", ["-xf", archive, "-C", unpacked], { stdio: "inherit" }).status !== 0) {
  rmSync(unpacked, { recursive: true });
  process.exit(1);
}
const photos = readdirSync(unpacked)
  .flatMap((label) => readdirSync(join(unpacked, label)).map((name) => ({ label, name })))
  .sort((a, b) => number(a) - number(b) || (a.name < b.name ? -1 : 1));

const isTest = photos.map((_, i) => {
  const block = Math.floor((i * TEST_BLOCKS) / photos.length);
  const start = Math.floor(((block + 0.5) * photos.length) / TEST_BLOCKS) - BLOCK / 2;
  return i >= start && i < start + BLOCK;
});
const training = photos.filter((_, i) => !isTest[i]);
const labelled = new Set(
  [...new Set(training.map(({ label }) => label))].flatMap((label) => {
    const ofClass = training.filter((photo) => photo.label === label);
    const every = ofClass.length / LABELS_PER_CLASS;
    return Array.from({ length: LABELS_PER_CLASS }, (_, i) => ofClass[Math.floor((i + 0.5) * every)]);
  }),
);

for (const photo of training) {
  put(photo, "flat");
  put(photo, labelled.has(photo) ? join("folders/labelled", photo.label) : "folders/unlabelled");
}
for (const [i, photo] of photos.entries()) if (isTest[i]) put(photo, join("test", photo.label));
const rows = training.filter((photo) => labelled.has(photo)).map(({ name, label }) => `${name},${label}\n`);
writeFileSync(join(folder, "flat/labels.csv"), `file,label\n${rows.join("")}`);
rmSync(unpacked, { recursive: true });
console.log(
  `${training.length} photos for training, ${labelled.size} of them labelled; ${photos.length - training.length} for tests`,
);

function number({ name }) {
  return Number(/(\d+)\.[^.]+$/.exec(name)[1]);
}

function put({ label, name }, place) {
  mkdirSync(join(folder, place), { recursive: true });
  cpSync(join(unpacked, label, name), join(folder, place, name));
}
