import "../register.js";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { compareWithCpu, normal } from "../testing.js";

/** Two threads' worth of work with an odd tail. */
const SIZE = [3, 37, 513];
const SPECIAL = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  0.5,
  1.5,
  2.5,
  -0.5,
  7,
  -7,
  1e-30,
];

const UNARY: Record<string, (x: tf.Tensor) => tf.Tensor> = {
  ...{ abs: tf.abs, neg: tf.neg, square: tf.square, sqrt: tf.sqrt, rsqrt: tf.rsqrt, reciprocal: tf.reciprocal },
  ...{ relu: tf.relu, relu6: tf.relu6, sign: tf.sign, exp: tf.exp, expm1: tf.expm1, log: tf.log, log1p: tf.log1p },
  ...{ sigmoid: tf.sigmoid, tanh: tf.tanh, floor: tf.floor, ceil: tf.ceil, round: tf.round },
  ...{ elu: tf.elu, selu: tf.selu, softplus: tf.softplus, erf: tf.erf, sin: tf.sin, cos: tf.cos },
  ...{ isNaN: tf.isNaN, isInf: tf.isInf, isFinite: tf.isFinite },
  logicalNot: (x) => tf.logicalNot(tf.greater(x, 0)),
  leakyRelu: (x) => tf.leakyRelu(x, 0.3),
  step: (x) => tf.step(x, 0.25),
  clipByValue: (x) => tf.clipByValue(x, -0.7, 0.9),
};
const BINARY: Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor> = {
  ...{ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, maximum: tf.maximum, minimum: tf.minimum },
  squaredDifference: tf.squaredDifference,
  pow: (a, b) => tf.pow(tf.abs(a), b),
  ...{ atan2: tf.atan2, mod: tf.mod, prelu: tf.prelu },
  ...{ equal: tf.equal, notEqual: tf.notEqual, greater: tf.greater, greaterEqual: tf.greaterEqual },
  ...{ less: tf.less, lessEqual: tf.lessEqual },
};
const SHAPES: [number[], number[]][] = [
  [SIZE, SIZE],
  [SIZE, []],
  [[], SIZE],
  [SIZE, [513]],
  [[37, 1], SIZE],
  [
    [3, 1, 513],
    [37, 1],
  ],
  [
    [2, 1, 5, 1, 7],
    [3, 1, 11, 1],
  ],
  [[4, 0, 3], [3]],
];

describe("functions of one operand", () => {
  for (const [name, f] of Object.entries(UNARY)) {
    it(`${name} is that of cpu, at large sizes and at special values`, async () => {
      await compareWithCpu(
        () => [normal(SIZE, 1), tf.tensor1d(SPECIAL)],
        ([x, s]) => [f(x!), f(s!)],
        2e-6,
      );
    });
  }
});

describe("functions of two operands", () => {
  for (const [name, f] of Object.entries(BINARY)) {
    it(`${name} is that of cpu for every way of broadcasting`, async () => {
      for (const [aShape, bShape] of SHAPES)
        await compareWithCpu(
          () => [normal(aShape, 2), normal(bShape, 3)],
          ([a, b]) => [f(a!, b!)],
          2e-6,
        );
      const special = () => [tf.tensor2d(SPECIAL, [SPECIAL.length, 1]), tf.tensor1d(SPECIAL)];
      const tolerance = name === "atan2" ? 1e-7 : 0; // an ulp: cpu computes it in float64
      if (name !== "pow") await compareWithCpu(special, ([a, b]) => [f(a!, b!)], tolerance);
    });
  }

  it("divides int32 and takes its remainder towards minus infinity, and gives 0 for a divisor of 0", async () => {
    await tf.setBackend("onednn");
    const a = tf.tensor1d([7, -7, 7, -7, 6, -6, 0, 5, -(2 ** 31)], "int32");
    const b = tf.tensor1d([2, 2, -2, -2, 3, -3, 4, 0, -1], "int32");
    expect([...tf.floorDiv(a, b).dataSync()]).toEqual([3, -4, -4, 3, 2, 2, 0, 0, -(2 ** 31)]); // the last wraps round
    expect([...tf.mod(a, b).dataSync()]).toEqual([1, 1, -1, -1, 0, 0, 0, 0, 0]);
  });

  it("wraps int32 arithmetic round as JavaScript does", async () => {
    await compareWithCpu(
      () => [tf.tensor1d([2 ** 31 - 1, -(2 ** 31), 2 ** 30], "int32"), tf.tensor1d([1, -1, 2 ** 30], "int32")],
      ([a, b]) => [tf.add(a!, b!), tf.sub(b!, a!), tf.mul(a!, b!)],
      0,
    );
  });

  it("has the gradient of elu that cpu has", async () => {
    await compareWithCpu(
      () => [normal(SIZE, 8), normal(SIZE, 9)],
      ([dy, y]) => [tf.engine().runKernel("EluGrad", { dy: dy!, y: y! }) as tf.Tensor],
      2e-6,
    );
  });

  it("keeps int32 exact beyond the range of float32, and gives bools of 0 and 1", async () => {
    await tf.setBackend("onednn");
    const a = tf.tensor1d([2 ** 24 + 1, -5, 7], "int32");
    const b = tf.tensor1d([2, 3, -4], "int32");
    expect([...tf.add(a, b).dataSync()]).toEqual([2 ** 24 + 3, -2, 3]);
    expect([...tf.mul(a, b).dataSync()]).toEqual([2 ** 25 + 2, -15, -28]);
    const greater = tf.greater(a, b);
    expect([greater.dtype, ...greater.dataSync()]).toEqual(["bool", 1, 0, 1]);
    expect([...tf.logicalOr(greater, tf.tensor1d([false, false, true], "bool")).dataSync()]).toEqual([1, 0, 1]);
  });
});

describe("select, cast, fill", () => {
  it("selects by element and by row", async () => {
    const condition = () => tf.tidy(() => tf.greater(normal(SIZE, 4), 0));
    await compareWithCpu(
      () => [condition(), normal(SIZE, 5), normal(SIZE, 6)],
      ([c, a, b]) => [tf.where(c!, a!, b!)],
      0,
    );
  });

  it("selects whole rows by a condition of rank 1", async () => {
    await tf.setBackend("onednn"); // cpu's kernel repeats one element for a whole row, so it is no oracle here
    const condition = tf.tensor1d([1, 0, 1], "bool");
    const [t, e] = [tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), tf.tensor2d([-1, -2, -3, -4, -5, -6], [3, 2])];
    const y = tf.engine().runKernel("Select", { condition, t, e }) as tf.Tensor;
    expect([...y.dataSync()]).toEqual([1, 2, -3, -4, 5, 6]);
  });

  it("truncates to int32 and means `not 0` by bool", async () => {
    await compareWithCpu(
      () => [tf.tensor1d([-1.9, -0.2, 0, 0.2, 1.9, 300.7])],
      ([x]) => [
        tf.cast(x!, "int32"),
        tf.cast(x!, "bool"),
        tf.cast(tf.cast(x!, "int32"), "float32"),
        tf.cast(tf.cast(x!, "bool"), "int32"),
      ],
      0,
    );
  });

  it("counts like cpu, up, down and by fractions", async () => {
    await compareWithCpu(
      () => [],
      () => [
        tf.range(0, 100_003, 1, "int32"),
        tf.range(5, -3, -2, "int32"),
        tf.range(3, 0),
        tf.range(2, 2),
        tf.range(0, 5, -1),
        tf.range(-1, 1, 0.125),
        tf.linspace(-3, 7, 11),
        tf.linspace(4, 9, 1),
      ],
      1e-6,
    );
  });

  it("counts exactly beyond the integers of float32", async () => {
    await tf.setBackend("onednn");
    const values = tf.range(0, 2 ** 24 + 9, 1, "int32").dataSync();
    expect([values.length, ...values.slice(-2)]).toEqual([2 ** 24 + 9, 2 ** 24 + 7, 2 ** 24 + 8]);
  });

  it("fills with every dtype", async () => {
    await compareWithCpu(
      () => [normal(SIZE, 7)],
      ([x]) => [
        tf.fill([3, 5], 2.5),
        tf.fill([7], 3, "int32"),
        tf.zerosLike(x!),
        tf.onesLike(x!),
        tf.ones([4], "bool"),
      ],
      0,
    );
  });
});
