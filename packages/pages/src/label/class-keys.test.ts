import { expect, it } from "vitest";
import { classKeys } from "./class-keys.js";

it("gives digits first, then free letters of the name, and never a key of the page", () => {
  const ten = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  expect(classKeys(ten)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"]);
  expect(classKeys([...ten, "Sun", "usual", "ns", "été", "tea"]).slice(10)).toEqual([
    undefined,
    "a",
    undefined,
    "t",
    "e",
  ]);
});
