import * as tf from "@tensorflow/tfjs-core";

const BACKEND = "tensorflow";

type Padding = "valid" | "same" | number | tf.backend_util.ExplicitPadding;
type KernelCall = Parameters<tf.KernelFunc>[0];

/**
 * Lets a convolution have any padding: tfjs-node 4.22 refuses a number, which is the same on all sides, and in its gradients
 * explicit padding too. There the image is padded first, and the convolution is a valid one.
 */
export function allowExplicitPadding(): void {
  wrap("Conv2D", (stock, call) => {
    const margin = marginOf(call);
    return stock(margin === undefined ? call : { ...call, attrs: { ...call.attrs, pad: margin } });
  });
  wrap("Conv2DBackpropFilter", (stock, call) => {
    const margin = marginOf(call);
    if (margin === undefined) return stock(call);
    const x = run("PadV2", { x: call.inputs.x! }, call, { paddings: margin, constantValue: 0 });
    const gradient = stock({ ...call, inputs: { ...call.inputs, x }, attrs: { ...call.attrs, pad: "valid" } });
    release(x, call);
    return gradient;
  });
  wrap("Conv2DBackpropInput", (stock, call) => {
    const margin = marginOf(call);
    if (margin === undefined) return stock(call);
    const { inputShape } = call.attrs as unknown as { inputShape: number[] };
    const padded = inputShape.map((length, axis) => length + margin[axis]![0] + margin[axis]![1]);
    const whole = stock({ ...call, attrs: { ...call.attrs, inputShape: padded, pad: "valid" } }) as tf.TensorInfo;
    const gradient = run("Slice", { x: whole }, call, { begin: margin.map(([before]) => before), size: inputShape });
    release(whole, call);
    return gradient;
  });
}

function wrap(name: string, make: (stock: tf.KernelFunc, call: KernelCall) => ReturnType<tf.KernelFunc>): void {
  const config = tf.getKernel(name, BACKEND);
  tf.unregisterKernel(name, BACKEND);
  tf.registerKernel({ ...config, kernelFunc: (call) => make(config.kernelFunc, call) });
}

/** Zeros before and after, of each axis; undefined where the padding is one that tfjs-node takes. */
function marginOf({ attrs }: KernelCall): [number, number][] | undefined {
  const { pad } = attrs as unknown as { pad: Padding };
  if (typeof pad === "string") return undefined;
  return typeof pad === "number"
    ? [
        [0, 0],
        [pad, pad],
        [pad, pad],
        [0, 0],
      ]
    : pad.map(([before, after]) => [before, after]);
}

function run(name: string, inputs: tf.NamedTensorInfoMap, { backend }: KernelCall, attrs: object): tf.TensorInfo {
  const { kernelFunc } = tf.getKernel(name, BACKEND);
  return kernelFunc({ inputs, backend, attrs: attrs as tf.NamedAttrMap }) as tf.TensorInfo;
}

const release = ({ dataId }: tf.TensorInfo, { backend }: KernelCall): boolean =>
  (backend as tf.KernelBackend).disposeData(dataId);
