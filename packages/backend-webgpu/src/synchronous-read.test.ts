import "@simclr/ops/register";
import { singleProcess } from "@simclr/core";
import { gatherRows, synchroniseStatistics } from "@simclr/distributed";
import { batchNorm, synchronisedBatchNorm, variableGradients } from "@simclr/ops";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { registerWebgpuBackend } from "./register-backend.js";
import { hasTestDevice, NEEDS_DEVICE, noiseTensor, relativeError } from "./testing.js";

describe.skipIf(!hasTestDevice())(`a synchronous read (${NEEDS_DEVICE})`, () => {
  beforeAll(async () => {
    await registerWebgpuBackend();
    await tf.setBackend("webgpu");
    tf.env().set("WEBGPU_CPU_FORWARD", false);
  });

  it("gives the values of every type, alone and between asynchronous reads", async () => {
    const before = tf.memory().numTensors;
    const x = tf.tensor1d([1, -2, 3]);
    const sum = tf.add(x, 1);
    const asynchronous = sum.data();
    tf.tidy(() => {
      expect([...tf.cast(tf.mul(x, 2), "int32").dataSync()]).toEqual([2, -4, 6]);
      expect([...tf.greater(x, 0).dataSync()]).toEqual([1, 0, 1]);
      expect([...tf.complex(tf.neg(x), sum).dataSync()]).toEqual([-1, 2, 2, -1, -3, 4]);
      expect(tf.sum(tf.ones([1000, 1000])).dataSync()[0]).toBe(1e6);
    });
    expect([...(await asynchronous)]).toEqual([2, -1, 4]);
    const square = tf.square(x);
    expect([...(await square.data())]).toEqual([1, 4, 9]); // the event loop still looks
    tf.dispose([x, sum, square]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("lets batch norm and rows of ranks communicate within a gradient, which is that of tf.variableGrads", async () => {
    const [rows, channels] = [12, 6];
    const communicator = singleProcess();
    const synchronise = synchroniseStatistics(communicator);
    const x = noiseTensor<tf.Rank.R2>([rows, channels], 1);
    const variables = [tf.variable(noiseTensor([channels, channels], 2)), tf.variable(tf.ones([channels]))] as const;
    const [kernel, gamma] = variables as unknown as readonly [tf.Tensor2D, tf.Tensor1D];
    const beta = tf.zeros([channels]);
    const loss = (normal: tf.Tensor2D, all: tf.Tensor2D): tf.Scalar =>
      tf.mean(tf.logSumExp(tf.matMul(normal, all, false, true), 1)); // each row with all rows
    const before = tf.memory().numTensors;
    const actual = variableGradients(() => {
      const { y } = synchronisedBatchNorm(tf.matMul<tf.Tensor2D>(x, kernel), gamma, beta, synchronise);
      return loss(y, gatherRows(y, communicator));
    }, variables);
    expect(tf.memory().numTensors).toBe(before + 3);
    const expected = tf.variableGrads(() => {
      const { y } = batchNorm(tf.matMul<tf.Tensor2D>(x, kernel), gamma, beta);
      return loss(y, y);
    }, [...variables]);
    for (const { name } of variables)
      expect(relativeError(await actual.grads[name]!.data(), await expected.grads[name]!.data())).toBeLessThan(1e-6);
    tf.dispose([x, beta, actual.value, actual.grads, expected.value, expected.grads, ...variables]);
  });

  it("throws what the device reported, and says that the device was lost", async () => {
    const { device } = tf.backend() as unknown as { device: GPUDevice };
    const { maxStorageBufferBindingSize } = device.limits;
    const large = tf.fill([maxStorageBufferBindingSize / 4], 1);
    expect(() => tf.sum(large).dataSync()).toThrow(/^webgpu: Fill failed \((memory|validation)\): .*smaller batch/);
    const y = tf.add(tf.tensor1d([1, 2, 3]), 1);
    device.destroy();
    expect(() => y.dataSync()).toThrow(/the GPU was lost|The GPU was lost/);
    await device.lost;
    expect(() => y.dataSync()).toThrow(/^The GPU was lost: /);
  });
});
