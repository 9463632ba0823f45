// GFLOP/s of every convolution of ResNet-18 at 32 px: forward, gradient of the input, gradient of the filter.
// Usage: node bench/convolutions.mjs [rows=128] [width=1] [float32|bfloat16]
import * as tf from "@tensorflow/tfjs-core";
import { onednnInfo, registerOnednnBackend, setPrecision } from "../dist/index.js";

const [rows = "128", width = "1", precision = "float32"] = process.argv.slice(2);
const N = Number(rows);
const w = (channels) => Math.round(channels * Number(width));
// [count, size, in, out, kernel, stride]
const LAYERS = [
  [1, 32, 3, w(64), 3, 1],
  [4, 32, w(64), w(64), 3, 1],
  [1, 32, w(64), w(64), 1, 1],
  [1, 32, w(64), w(128), 3, 2],
  [1, 32, w(64), w(128), 1, 2],
  [3, 16, w(128), w(128), 3, 1],
  [1, 16, w(128), w(256), 3, 2],
  [1, 16, w(128), w(256), 1, 2],
  [3, 8, w(256), w(256), 3, 1],
  [1, 8, w(256), w(512), 3, 2],
  [1, 8, w(256), w(512), 1, 2],
  [3, 4, w(512), w(512), 3, 1],
];

tf.env().set("PROD", true);
registerOnednnBackend();
setPrecision(precision);
await tf.setBackend("onednn");
console.log(onednnInfo(), { rows: N, width: Number(width), precision });

function milliseconds(f) {
  f();
  const times = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    f();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[1];
}

const total = { flops: 0, ms: 0 };
for (const [count, size, channels, out, k, stride] of LAYERS) {
  const x = tf.randomUniform([N, size, size, channels]);
  const filter = tf.randomUniform([k, k, channels, out]);
  const pad =
    k === 3 && stride === 2
      ? [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]
      : k === 1
        ? "valid"
        : "same";
  const attrs = { strides: stride, pad, dataFormat: "NHWC", inputShape: x.shape, filterShape: filter.shape };
  const run = (name, inputs) => tf.engine().runKernel(name, inputs, { ...attrs, dilations: 1 });
  const y = run("Conv2D", { x, filter });
  const dy = tf.randomUniform(y.shape);
  const gflop = (2 * y.size * k * k * channels) / 1e9;
  const passes = [
    () => tf.dispose(run("Conv2D", { x, filter })),
    channels === 3 ? undefined : () => tf.dispose(run("Conv2DBackpropInput", { dy, filter })),
    () => tf.dispose(run("Conv2DBackpropFilter", { x, dy })),
  ];
  const cells = passes.map((pass) => {
    if (!pass) return "       -";
    const ms = milliseconds(pass);
    total.ms += ms * count;
    total.flops += gflop * count;
    return `${((gflop / ms) * 1e3).toFixed(0).padStart(5)} (${ms.toFixed(1).padStart(5)} ms)`;
  });
  console.log(`${count} x ${size}px ${channels}->${out} ${k}x${k}/${stride}`.padEnd(28), cells.join("  "));
  tf.dispose([x, filter, y, dy]);
}
console.log(`all: ${((total.flops / total.ms) * 1e3).toFixed(0)} GFLOP/s, ${total.ms.toFixed(0)} ms a step`);
