import { expect, it } from "vitest";
import { compareAnswers, type TrainingAnswers } from "./student-vs-teacher.js";

const training = (predictions: number[]): TrainingAnswers => ({
  predictions,
  truth: [0, 1, 1, 0, -1],
  isLabelled: [true, false, false, false, false],
});

it("counts what a student has of its teacher, and what it has not", () => {
  const about = { name: "self", labels: "1", round: 1 };
  const record = compareAnswers(
    about,
    { test: [0, 0, 1, 1], training: training([0, 0, 1, 1, 0]) },
    { test: [0, 1, 1, 0], training: training([0, 1, 1, 1, 1]) },
    [0, 1, 0, 1],
  );
  expect(record).toEqual({
    ...about,
    // The image of unknown class counts for the agreement alone.
    teacher: { labelled: 1, unlabelled: 1 / 3, test: 0.5 },
    student: { labelled: 1, unlabelled: 2 / 3, test: 0.5 },
    agreement: { training: 0.6, test: 0.5 },
    corrected: 0.25,
    spoiled: 0.25,
  });
});

it("says nothing of labelled images where none was asked about", () => {
  const none = { predictions: [0], truth: [-1], isLabelled: [false] };
  const answers = { test: [0], training: none };
  const { teacher } = compareAnswers({ name: "small", labels: "1", round: 2 }, answers, answers, [0]);
  expect(teacher).toEqual({ labelled: undefined, unlabelled: undefined, test: 1 });
});
