import * as tf from "@tensorflow/tfjs-core";
import { compose, type RunKernel } from "../composition.js";
import { allFloat32, type NativeKernel } from "../kernel.js";

/** An operand and what its axes are called: indices into the equation's letters. */
interface Term {
  readonly tensor: tf.TensorInfo;
  readonly dims: readonly number[];
}

const sizesOf = ({ tensor, dims }: Term, wanted: readonly number[]): number[] =>
  wanted.map((dim) => tensor.shape[dims.indexOf(dim)]!);

/** The term summed over all axes but `kept`, with these in the order given. */
function arrange(run: RunKernel, term: Term, kept: readonly number[]): Term {
  const axis = term.dims.flatMap((dim, i) => (kept.includes(dim) ? [] : [i]));
  const left = term.dims.filter((dim) => kept.includes(dim));
  const summed = axis.length === 0 ? term.tensor : run("Sum", { x: term.tensor }, { axis, keepDims: false });
  const perm = kept.map((dim) => left.indexOf(dim));
  const inOrder = perm.every((from, to) => from === to);
  return { tensor: inOrder ? summed : run("Transpose", { x: summed }, { perm }), dims: kept };
}

/** Every contraction of two tensors is a batch of matrix products once its axes are in order. */
function contract(run: RunKernel, a: Term, b: Term, out: readonly number[]): tf.TensorInfo {
  const shared = a.dims.filter((dim) => b.dims.includes(dim));
  const batch = shared.filter((dim) => out.includes(dim));
  const inner = shared.filter((dim) => !out.includes(dim));
  const rows = a.dims.filter((dim) => out.includes(dim) && !shared.includes(dim));
  const cols = b.dims.filter((dim) => out.includes(dim) && !shared.includes(dim));
  const left = arrange(run, a, [...batch, ...rows, ...inner]);
  const right = arrange(run, b, [...batch, ...inner, ...cols]);
  const matrix = (term: Term, ...groups: number[][]) =>
    run("Reshape", { x: term.tensor }, { shape: groups.map((dims) => tf.util.sizeFromShape(sizesOf(term, dims))) });
  const operands = { a: matrix(left, batch, rows, inner), b: matrix(right, batch, inner, cols) };
  const product = run("BatchMatMul", operands, { transposeA: false, transposeB: false });
  const shape = [...sizesOf(left, batch), ...sizesOf(left, rows), ...sizesOf(right, cols)];
  const tensor = run("Reshape", { x: product }, { shape });
  return arrange(run, { tensor, dims: [...batch, ...rows, ...cols] }, out).tensor;
}

/** Of one or two tensors, as tfjs's is. */
export const einsum: NativeKernel = {
  name: "Einsum",
  accepts: allFloat32,
  run: ({ inputs, attrs, backend }) => {
    const tensors = Object.values(inputs) as tf.Tensor[];
    const equation = tf.backend_util.decodeEinsumEquation(attrs.equation as string, tensors.length);
    const { allDims, summedDims, idDims } = equation;
    tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, tensors);
    const out = allDims.map((_, dim) => dim).filter((dim) => !summedDims.includes(dim));
    const [a, b] = tensors.map((tensor, i) => ({ tensor, dims: idDims[i]! }));
    return compose(backend, (run) => (b ? contract(run, a!, b, out) : arrange(run, a!, out).tensor));
  },
};
