// Depthwise 2-D convolution and its gradients. Activations are NHWC, filters [height, width, channels, multiplier],
// float32; output channel c * multiplier + q is input channel c under filter q.
#pragma once

#include "kernels/convolution.h"
#include "runtime/product.h"

namespace simclr {

inline int64_t DepthwiseFilterSize(const ConvShape& shape) {
  return Product({shape.filterHeight, shape.filterWidth, shape.outChannels});
}

/// shape.outChannels is channels * multiplier.
void DepthwiseConv2D(const ConvShape& shape, const float* x, const float* filter, float* y);
/// dx from dy: the adjoint, dilations included.
void DepthwiseBackpropInput(const ConvShape& shape, const float* dy, const float* filter, float* dx);
/// dfilter from x and dy.
void DepthwiseBackpropFilter(const ConvShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace simclr
