// Ways to get data-parallel training wrong, planted to see that the comparison notices each.
import { gatherRows } from "@simclr/distributed";
import * as tf from "@tensorflow/tfjs-core";

/** The communicator as a task sees it, with some of its calls replaced. */
const changed = (communicator, calls) =>
  new Proxy(communicator, {
    get(target, name) {
      if (name in calls) return calls[name];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

/** Each may give another way to gather rows, another communicator for the training, or change the gradients of a step. */
export const MISTAKES = {
  // batch norm over the rank's own rows
  "local batch norm": (communicator) => ({
    communicator: changed(communicator, { blocking: undefined }),
    gather: (rows) => gatherRows(rows, communicator),
  }),
  // each rank contrasts its own images alone
  "local negatives": () => ({ gather: (rows) => rows }),
  // the gradient through other ranks' use of a row is dropped
  "slice for reduce-scatter": ({ rank, size, blocking }) => {
    const gather = tf.customGrad((x) => {
      const [rows, width] = x.shape;
      const value = tf.tensor2d(blocking.allGather(x.dataSync()), [size * rows, width]);
      return { value, gradFunc: (dy) => tf.slice(dy, [rank * rows, 0], [rows, width]) };
    });
    return { gather: (rows) => gather(rows) };
  },
  // scale and shift of batch norm are summed over the ranks, and then once more with all gradients
  "dgamma reduced twice": (communicator) => ({
    async gradients(task, gradients) {
      const twice = task.weights.filter(({ role }) => role === "gamma" || role === "beta");
      for (const { name } of twice) {
        const values = (await gradients[name].data()).slice();
        await communicator.allReduce(values, "sum");
        const { shape } = gradients[name];
        gradients[name].dispose();
        gradients[name] = tf.tensor(values, shape);
      }
    },
  }),
  // the mean over a rank's images where the mean over all is meant
  "mean per rank": (communicator) => ({
    communicator: changed(communicator, {
      allReduce: (values, reduction) => communicator.allReduce(values, reduction === "mean" ? "sum" : reduction),
    }),
  }),
};
