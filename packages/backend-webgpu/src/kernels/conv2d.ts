import type { WebGPUBackend } from "@tensorflow/tfjs-backend-webgpu";
import type * as tf from "@tensorflow/tfjs-core";
import type { GemmLayout } from "./gemm-program.js";
import { int32, reshaped } from "./launch.js";
import { runGemm } from "./run-gemm.js";

type ConvInfo = tf.backend_util.Conv2DInfo;

const PATCH_UNIFORMS =
  "size : vec2<i32>, outSize : vec2<i32>, filterSize : vec2<i32>, strides : vec2<i32>, pads : vec2<i32>, channels : vec2<i32>,";

/** `size`, `outSize`, ... of `PATCH_UNIFORMS`; `channels` is (in, out). */
function patchUniforms(info: ConvInfo) {
  return [
    int32(info.inHeight, info.inWidth),
    int32(info.outHeight, info.outWidth),
    int32(info.filterHeight, info.filterWidth),
    int32(info.strideHeight, info.strideWidth),
    int32(info.padInfo.top, info.padInfo.left),
    int32(info.inChannels, info.outChannels),
  ];
}

const fours = (channels: number): boolean => channels % 4 === 0;
const divided = (vec4: boolean): string => (vec4 ? " / 4" : "");

/** A value of x in the patch of output `place` (batch, oh, ow), at `tap` (kh, kw, ci); 0 in the padding. */
const patchLoad = (tap: "inner" | "outer", place: "inner" | "outer", vec4: boolean): string => `
        let tap = ${tap} / uniforms.channels.x; let c = ${tap} - tap * uniforms.channels.x;
        let kh = tap / uniforms.filterSize.y; let kw = tap - kh * uniforms.filterSize.y;
        let line = ${place} / uniforms.outSize.y; let ow = ${place} - line * uniforms.outSize.y;
        let n = line / uniforms.outSize.x; let oh = line - n * uniforms.outSize.x;
        let row = oh * uniforms.strides.x + kh - uniforms.pads.x; let column = ow * uniforms.strides.y + kw - uniforms.pads.y;
        if (row >= 0 && row < uniforms.size.x && column >= 0 && column < uniforms.size.y) {
          value = x[(((n * uniforms.size.x + row) * uniforms.size.y + column) * uniforms.channels.x + c)${divided(vec4)}];
        }`;

/** y[(batch, oh, ow), co] = sum over (kh, kw, ci) of x[patch] * w. */
function forwardLayout(info: ConvInfo): GemmLayout {
  const [a4, b4] = [fours(info.inChannels), fours(info.outChannels)];
  return {
    name: "Conv2D",
    variableNames: ["x", "w"],
    uniforms: PATCH_UNIFORMS,
    a: {
      contiguous: "inner",
      vec4: a4,
      load: patchLoad("inner", "outer", a4),
    },
    b: {
      contiguous: "outer",
      vec4: b4,
      load: `value = w[(inner * uniforms.channels.y + outer)${divided(b4)}];`,
    },
  };
}

/** dW[(kh, kw, ci), co] = sum over (batch, oh, ow) of x[patch] * dy. */
function filterGradientLayout(info: ConvInfo): GemmLayout {
  const [a4, b4] = [fours(info.inChannels), fours(info.outChannels)];
  return {
    name: "Conv2DBackpropFilter",
    variableNames: ["x", "dy"],
    uniforms: PATCH_UNIFORMS,
    a: {
      contiguous: "outer",
      vec4: a4,
      load: patchLoad("outer", "inner", a4),
    },
    b: {
      contiguous: "outer",
      vec4: b4,
      load: `value = dy[(inner * uniforms.channels.y + outer)${divided(b4)}];`,
    },
  };
}

/** dX[(batch, h, w), ci] = sum over (kh, kw, co) of dy[where the patch was] * w. */
function inputGradientLayout(info: ConvInfo): GemmLayout {
  const vec4 = fours(info.outChannels);
  const tap = `let tap = inner / uniforms.channels.y; let c = inner - tap * uniforms.channels.y;`;
  return {
    name: "Conv2DBackpropInput",
    variableNames: ["dy", "w"],
    uniforms: PATCH_UNIFORMS,
    a: {
      contiguous: "inner",
      vec4,
      load: `
        ${tap}
        let kh = tap / uniforms.filterSize.y; let kw = tap - kh * uniforms.filterSize.y;
        let line = outer / uniforms.size.y; let n = line / uniforms.size.x;
        let row = line - n * uniforms.size.x + uniforms.pads.x - kh;
        let column = outer - line * uniforms.size.y + uniforms.pads.y - kw;
        let oh = row / uniforms.strides.x; let ow = column / uniforms.strides.y;
        if (row >= 0 && column >= 0 && oh * uniforms.strides.x == row && ow * uniforms.strides.y == column
            && oh < uniforms.outSize.x && ow < uniforms.outSize.y) {
          value = dy[(((n * uniforms.outSize.x + oh) * uniforms.outSize.y + ow) * uniforms.channels.y + c)${divided(vec4)}];
        }`,
    },
    b: {
      contiguous: "inner",
      vec4,
      load: `${tap} value = w[((tap * uniforms.channels.x + outer) * uniforms.channels.y + c)${divided(vec4)}];`,
    },
  };
}

function finish(backend: WebGPUBackend, result: tf.TensorInfo, shape: number[]): tf.TensorInfo {
  const out = reshaped(backend, result, shape);
  backend.disposeData(result.dataId);
  return out;
}

/** A convolution, as a matrix product over patches that are gathered on the way in. */
export function conv2DForward(
  backend: WebGPUBackend,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const size = {
    rows: info.batchSize * info.outHeight * info.outWidth,
    columns: info.outChannels,
    inner: info.filterHeight * info.filterWidth * info.inChannels,
  };
  return finish(backend, runGemm(backend, forwardLayout(info), [x, filter], size, patchUniforms(info)), [
    ...info.outShape,
  ]);
}

/** The gradient of a convolution by its filter, as a matrix product that is split along batch, height and width. */
export function conv2DFilterGradient(
  backend: WebGPUBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const size = {
    rows: info.filterHeight * info.filterWidth * info.inChannels,
    columns: info.outChannels,
    inner: info.batchSize * info.outHeight * info.outWidth,
  };
  return finish(backend, runGemm(backend, filterGradientLayout(info), [x, dy], size, patchUniforms(info)), [
    ...info.filterShape,
  ]);
}

/** The gradient of a convolution by its input, as a matrix product. */
export function conv2DInputGradient(
  backend: WebGPUBackend,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  info: ConvInfo,
): tf.TensorInfo {
  const size = {
    rows: info.batchSize * info.inHeight * info.inWidth,
    columns: info.inChannels,
    inner: info.filterHeight * info.filterWidth * info.outChannels,
  };
  return finish(backend, runGemm(backend, inputGradientLayout(info), [dy, filter], size, patchUniforms(info)), [
    ...info.inShape,
  ]);
}
