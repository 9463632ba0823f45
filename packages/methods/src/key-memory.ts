import type { Weight } from "@simclr/core";
import { enqueueKeys, initialKeyQueue } from "@simclr/losses";
import { type MomentumNetwork, momentumNetwork } from "@simclr/models";
import * as tf from "@tensorflow/tfjs-core";
import type { MethodNetwork } from "./define-method.js";

/** A momentum network and the queue of its latest keys: the memory of MoCo and SimCLRv2. */
export interface KeyMemory {
  readonly network: MomentumNetwork;
  /** float32 `[K, D]`, the newest keys last. */
  readonly queue: tf.Tensor2D;
  /** What a checkpoint must hold. */
  readonly state: readonly Weight[];
  /** Puts keys into the queue, float32 `[N, D]` each. */
  enqueue(keys: readonly tf.Tensor2D[]): void;
}

/** @param queueSize - K, >= the keys of one step. */
export function keyMemory(network: MethodNetwork, queueSize: number): KeyMemory {
  const follower = momentumNetwork(network);
  const dimension = network.head.dimensionAfter(network.head.layers);
  const first = initialKeyQueue(queueSize, dimension, network.random.fork("queue"));
  const variable = tf.variable(first, false);
  first.dispose();
  const queue: Weight = { name: "queue", role: "statistic", variable };
  return {
    network: follower,
    queue: variable as tf.Tensor as tf.Tensor2D,
    state: [...follower.weights, queue],
    enqueue(keys) {
      tf.tidy(() => variable.assign(enqueueKeys(variable as tf.Tensor as tf.Tensor2D, tf.concat2d([...keys], 0))));
    },
  };
}
