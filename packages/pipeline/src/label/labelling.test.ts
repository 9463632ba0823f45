import { describe, expect, it } from "vitest";
import {
  type Labelling,
  labellingClasses,
  pendingImages,
  withAnswer,
  withoutLastAnswer,
  withSkippedAgain,
} from "./labelling.js";

const START: Labelling = { images: ["a.png", "b.png", "c.png"], answers: [], classes: ["owl"] };

describe("a round of labelling", () => {
  it("asks for one image after another, and undo gives every earlier state back", () => {
    const states = [START];
    for (const [file, label] of [
      ["a.png", "cat"],
      ["b.png", undefined],
      ["c.png", "owl"],
    ] as const)
      states.push(withAnswer(states.at(-1)!, file, label));
    expect(states.map((state) => pendingImages(state)[0])).toEqual(["a.png", "b.png", "c.png", undefined]);
    expect(states.at(-1)!.answers).toEqual([
      { file: "a.png", label: "cat" },
      { file: "b.png" },
      { file: "c.png", label: "owl" },
    ]);
    for (let i = states.length - 1; i > 0; i--) expect(withoutLastAnswer(states[i]!)).toEqual(states[i - 1]);
    expect(withoutLastAnswer(START)).toEqual(START);
  });

  it("asks for the skipped again, and for no other", () => {
    const done = withAnswer(withAnswer(withAnswer(START, "a.png", undefined), "b.png", "cat"), "c.png", undefined);
    expect(pendingImages(withSkippedAgain(done))).toEqual(["a.png", "c.png"]);
    expect(withSkippedAgain(done).answers).toEqual([{ file: "b.png", label: "cat" }]);
  });

  it("adds the classes of answers after those that were there, and takes back those of undone answers", () => {
    const two = withAnswer(withAnswer(START, "a.png", " zebra "), "b.png", "cat");
    expect(labellingClasses(two)).toEqual(["owl", "zebra", "cat"]);
    expect(labellingClasses(withoutLastAnswer(two))).toEqual(["owl", "zebra"]);
  });

  it("takes another spelling of a class for that class", () => {
    expect(withAnswer(START, "a.png", "Owl").answers).toEqual([{ file: "a.png", label: "owl" }]);
  });

  it("refuses an answer to an image that is not asked for, such as one given twice", () => {
    const one = withAnswer(START, "a.png", "cat");
    expect(() => withAnswer(one, "a.png", "cat")).toThrow(
      '"a.png" is not the image that is asked for, which is "b.png". It was answered in another window',
    );
  });

  it.each(["", "  ", "two\nlines", "x".repeat(101)])("refuses %j as the name of a class", (name) => {
    expect(() => withAnswer(START, "a.png", name)).toThrow("must have 1 to 100 characters in one line");
  });
});
