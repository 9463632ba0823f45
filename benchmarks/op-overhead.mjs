// What one operation on tiny tensors costs from call to result, and how much of that is tfjs-core's own: the same loop
// on a backend whose kernels do nothing. Rounds on the two alternate; medians of them.
//   pnpm bench op-overhead [--rounds 15] [--calls 20000]
import { parseArgs } from "node:util";
import { registerOnednnBackend } from "@simclr/backend-onednn";
import * as tf from "@tensorflow/tfjs-core";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, calls: { type: "string", default: "20000" } },
});
const rounds = Number(values.rounds);
const calls = Number(values.calls);
/** Calls of one tidy: a layer's worth. */
const SCOPE = 20;

/** Hands out ids and forgets them. */
class NullBackend extends tf.KernelBackend {
  write = () => ({});
  readSync = () => new Float32Array(4);
  read = async () => new Float32Array(4);
  disposeData = () => true;
  incRef = () => {};
  refCount = () => 1;
  numDataIds = () => 0;
  memory = () => ({ unreliable: false });
  floatPrecision = () => 32;
  dispose = () => {};
}

tf.env().set("PROD", true);
registerOnednnBackend();
tf.registerBackend("null", () => new NullBackend());
const same = ({ inputs }) => ({ dataId: {}, shape: (inputs.a ?? inputs.x).shape, dtype: "float32" });
for (const kernelName of ["Add", "Relu", "BatchMatMul"])
  tf.registerKernel({ kernelName, backendName: "null", kernelFunc: same });

const cases = {
  "add [4] + [4]": ({ vector }) => tf.add(vector, vector),
  "relu [4]": ({ vector }) => tf.relu(vector),
  "matMul [2,2] [2,2]": ({ matrix }) => tf.matMul(matrix, matrix),
};
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

for (const [name, op] of Object.entries(cases)) {
  const times = { onednn: [], null: [] };
  const operands = {};
  for (const backend of Object.keys(times)) {
    await tf.setBackend(backend);
    operands[backend] = { vector: tf.tensor1d([1, 2, 3, 4]), matrix: tf.tensor2d([1, 2, 3, 4], [2, 2]) };
  }
  for (let round = 0; round < rounds; round++) {
    for (const backend of Object.keys(times)) {
      await tf.setBackend(backend);
      const start = performance.now();
      for (let done = 0; done < calls; done += SCOPE)
        tf.tidy(() => {
          for (let i = 0; i < SCOPE; i++) op(operands[backend]);
        });
      times[backend].push(((performance.now() - start) / calls) * 1000);
    }
  }
  const all = median(times.onednn);
  const own = median(times.null);
  console.log(
    JSON.stringify({
      op: name,
      microseconds: Number(all.toFixed(2)),
      tfjsCore: Number(own.toFixed(2)),
      backend: Number((all - own).toFixed(2)),
    }),
  );
}
