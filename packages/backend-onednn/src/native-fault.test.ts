import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { onednnMemory } from "./loader.js";
import { registerOnednnBackend } from "./register-backend.js";

beforeAll(async () => {
  tf.env().set("PROD", true);
  registerOnednnBackend();
  await tf.setBackend("onednn");
});

it("names the operation and its operands where memory does not suffice, and goes on", () => {
  const column = tf.zeros([2 ** 24, 1]);
  const row = tf.zeros([1, 2 ** 24]);
  const before = onednnMemory();
  expect(() => tf.mul(column, row)).toThrow(
    "oneDNN backend: Multiply([16777216,1] float32, [1,16777216] float32): out of memory (the product of the sizes is above 2^46). " +
      "Take smaller batches or images, or free tensors that are no longer used.",
  );
  expect(() => tf.fill([2 ** 20, 2 ** 20, 64], 1)).toThrow("Fill(shape [1048576,1048576,64]): out of memory");
  expect(onednnMemory().usedBytes).toBe(before.usedBytes);
  expect(tf.add(tf.scalar(1), tf.scalar(2)).dataSync()[0]).toBe(3);
  tf.dispose([column, row]);
});
