import { join } from "node:path";
import { expect, it } from "vitest";
import { failure, temporaryFolder, writeTree } from "../test/files.js";
import { readLabelsCsv } from "./labels-csv.js";

const root = temporaryFolder();
const names = ["a.png", "b,1.png", "c.png"];
let count = 0;
const csv = (text: string): string => {
  const name = `${count++}.csv`;
  return join(writeTree(root, { [name]: text }), name);
};
const messageFor = async (text: string): Promise<string> => {
  const path = csv(text);
  return (await failure(readLabelsCsv(path, names))).replace(path, "labels.csv");
};

it("reads quoted fields, blank lines, a byte-order mark and Windows line ends", async () => {
  const text = '\uFEFFfile,label\r\n"b,1.png","say ""x"""\r\n\r\n./c.png, y \r\n';
  const { classNames, labels } = await readLabelsCsv(csv(text), names);
  expect([classNames, [...labels]]).toEqual([
    ['say "x"', "y"],
    [-1, 0, 1],
  ]);
});

it.each([
  ["", 'labels.csv:1: is empty; expected the header "file,label" and a row for each label.'],
  ["file,klass\n", 'labels.csv:1: unknown column "klass"; expected the header "file,label".'],
  ["file\na.png\n", 'labels.csv:1: expected the header "file,label"; received "file".'],
  ["file,label\na.png,x,y\n", "labels.csv:2: expected 2 fields, file and label; received 3."],
  [
    "file,label\na.png,x\n\nA.PNG,y\n",
    'labels.csv:4: names "A.PNG", which is not an image of this data set. Did you mean "a.png"? Correct or remove the row.',
  ],
  [
    "file,label\na.png,x\nc.png, \n",
    'labels.csv:3: the label of "c.png" is empty. Leave the row out if its class is not known.',
  ],
  [
    "file,label\na.png,x\nc.png,x\na.png,x\n",
    'labels.csv:4: "a.png" has a label already, from line 2. Remove one of the two rows.',
  ],
  ['file,label\n"a.png,x\n', 'labels.csv:2: a quoted field must be closed, and quotes inside it doubled ("").'],
])("refuses %j with the line", async (text, message) => {
  expect(await messageFor(text)).toBe(message);
});

it("says that the file is missing", async () => {
  const path = join(root, "none.csv");
  expect(await failure(readLabelsCsv(path, names))).toContain(`Cannot read the labels ${path}: ENOENT`);
});
