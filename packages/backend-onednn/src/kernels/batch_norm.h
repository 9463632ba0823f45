// Batch norm over the last axis of [rows, channels], with an optional residual and ReLU behind it:
// y = act(gamma * (x - mean) / sqrt(variance + epsilon) + beta (+ residual)).
// T, which activations and their gradients are held in, is float or BFloat16; statistics and sums are not.
#pragma once

#include <cstdint>

#include "runtime/bfloat16.h"
#include "runtime/product.h"

namespace simclr {

struct BatchNormShape {
  int64_t rows, channels;
  float epsilon;
  bool relu;
  int64_t Size() const { return Product({rows, channels}); }
};

/// Mean and biased variance of every channel.
template <class T>
void BatchStatistics(const BatchNormShape& shape, const T* x, float* mean, float* variance);

/// y from given statistics; residual may be null.
template <class T>
void BatchNormApply(const BatchNormShape& shape, const T* x, const float* gamma, const float* beta, const float* mean,
                    const float* variance, const T* residual, T* y);

/// Gradients through the batch statistics. With ReLU the gradient passes where y > 0: y is read where there is a residual, and
/// its sign is found again from x, with beta, where there is none. dresidual is null if there was none.
template <class T>
void BatchNormGrad(const BatchNormShape& shape, const T* dy, const T* x, const T* y, const float* gamma,
                   const float* beta, const float* mean, const float* variance, T* dx, float* dgamma, float* dbeta,
                   T* dresidual);

}  // namespace simclr
