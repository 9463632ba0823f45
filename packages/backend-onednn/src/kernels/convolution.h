// 2-D convolution and its gradients. Activations are NHWC, filters HWIO (tfjs's layouts), float32.
#pragma once

#include <cstdint>

namespace simclr {

/// Sizes of a convolution. Padding at the bottom and right follows from the output size.
struct ConvShape {
  int64_t batch, height, width, channels;
  int64_t filterHeight, filterWidth, outChannels;
  int64_t outHeight, outWidth;
  int64_t strideHeight, strideWidth, dilationHeight, dilationWidth;
  int64_t padTop, padLeft;

  int64_t InputSize() const { return batch * height * width * channels; }
  int64_t FilterSize() const { return filterHeight * filterWidth * channels * outChannels; }
  int64_t OutputSize() const { return batch * outHeight * outWidth * outChannels; }
};

enum class Precision { kFloat32, kBfloat16 };
/// bfloat16 if it is wanted and oneDNN has it: with AVX-512 (emulated before AVX512-BF16), else float32.
Precision ChoosePrecision(bool bfloat16);

/// y = conv(x, filter) + bias; bias has outChannels values or is null.
void Conv2D(const ConvShape& shape, Precision precision, const float* x, const float* filter, const float* bias, float* y);
/// dx from dy.
void Conv2DBackpropInput(const ConvShape& shape, Precision precision, const float* dy, const float* filter, float* dx);
/// dfilter from x and dy.
void Conv2DBackpropFilter(const ConvShape& shape, Precision precision, const float* x, const float* dy, float* dfilter);

}  // namespace simclr
