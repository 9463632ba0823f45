// 2-D max and average pooling over NHWC, with tfjs's gradients. T is float or BFloat16.
#pragma once

#include <cstdint>

#include "runtime/bfloat16.h"
#include "runtime/product.h"

namespace simclr {

struct PoolShape {
  int64_t batch, height, width, channels;
  int64_t outHeight, outWidth;
  int64_t filterHeight, filterWidth;
  int64_t strideHeight, strideWidth, dilationHeight, dilationWidth;
  int64_t padTop, padLeft;

  int64_t InputSize() const { return Product({batch, height, width, channels}); }
  int64_t OutputSize() const { return Product({batch, outHeight, outWidth, channels}); }
};

/// Largest value of each window; NaN is ignored.
template <class T>
void MaxPool(const PoolShape& shape, const T* x, T* y);
/// dx: each dy goes to the first largest value of its window.
template <class T>
void MaxPoolGrad(const PoolShape& shape, const T* dy, const T* x, T* dx);
/// Mean over the cells of the window that lie inside the image.
void AvgPool(const PoolShape& shape, const float* x, float* y);
/// dx as tfjs defines it: dy divided by the size of the whole filter, padding included.
void AvgPoolGrad(const PoolShape& shape, const float* dy, float* dx);

}  // namespace simclr
