// 2-D convolution and its gradients. Activations are NHWC, filters HWIO (tfjs's layouts). Filters and their gradients are
// float32; with bfloat16 activations filters are rounded before they are used, except by Winograd's method, and sums are float32.
#pragma once

#include <cstdint>

#include "runtime/bfloat16.h"
#include "runtime/product.h"

namespace simclr {

/// Sizes of a convolution. Padding at the bottom and right follows from the output size.
struct ConvShape {
  int64_t batch, height, width, channels;
  int64_t filterHeight, filterWidth, outChannels;
  int64_t outHeight, outWidth;
  int64_t strideHeight, strideWidth, dilationHeight, dilationWidth;
  int64_t padTop, padLeft;

  int64_t InputSize() const { return Product({batch, height, width, channels}); }
  int64_t FilterSize() const { return Product({filterHeight, filterWidth, channels, outChannels}); }
  int64_t OutputSize() const { return Product({batch, outHeight, outWidth, outChannels}); }
};

/// y = conv(x, filter) + bias; bias has outChannels values or is null.
void Conv2D(const ConvShape& shape, const float* x, const float* filter, const float* bias, float* y);
void Conv2D(const ConvShape& shape, const BFloat16* x, const float* filter, const float* bias, BFloat16* y);
/// dx from dy.
void Conv2DBackpropInput(const ConvShape& shape, const float* dy, const float* filter, float* dx);
void Conv2DBackpropInput(const ConvShape& shape, const BFloat16* dy, const float* filter, BFloat16* dx);
/// dfilter from x and dy.
void Conv2DBackpropFilter(const ConvShape& shape, const float* x, const float* dy, float* dfilter);
void Conv2DBackpropFilter(const ConvShape& shape, const BFloat16* x, const BFloat16* dy, float* dfilter);

}  // namespace simclr
