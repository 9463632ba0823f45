import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, it } from "vitest";
import { compareWithCpu, normal } from "../testing.js";

/** Equation and operands: batches, sums on one side only, transposed results, outer products, one operand. */
const CASES: [string, ...number[][]][] = [
  ["ij,jk->ik", [17, 33], [33, 9]],
  ["bij,bkj->bik", [3, 17, 33], [3, 9, 33]],
  ["bijc,bkjc->ckib", [2, 5, 7, 3], [2, 4, 7, 3]],
  ["ijm,jkn->ki", [5, 6, 3], [6, 4, 2]],
  ["i,j->ji", [13], [7]],
  ["i,i->", [101], [101]],
  ["ij,ij->ij", [6, 5], [6, 5]],
  ["ijk->kj", [4, 5, 6]],
  ["ij->", [11, 12]],
  ["abcd,d->abc", [2, 3, 4, 5], [5]],
];

describe("Einsum", () => {
  it.each(CASES)("%s is that of cpu", async (equation, ...shapes) => {
    await compareWithCpu(
      () => shapes.map((shape, i) => normal(shape, i + 1)),
      (operands) => [tf.einsum(equation, ...operands)],
    );
  });
});
