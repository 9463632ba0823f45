// Batch norm over the last axis of [rows, channels], with an optional residual and ReLU behind it:
// y = act(gamma * (x - mean) / sqrt(variance + epsilon) + beta (+ residual)).
#pragma once

#include <cstdint>

namespace simclr {

struct BatchNormShape {
  int64_t rows, channels;
  float epsilon;
  bool relu;
  int64_t Size() const { return rows * channels; }
};

/// Mean and biased variance of every channel.
void BatchStatistics(const BatchNormShape& shape, const float* x, float* mean, float* variance);

/// y from given statistics; residual may be null.
void BatchNormApply(const BatchNormShape& shape, const float* x, const float* gamma, const float* beta,
                    const float* mean, const float* variance, const float* residual, float* y);

/// Gradients through the batch statistics. With ReLU the gradient passes where y > 0. dresidual may be null.
void BatchNormGrad(const BatchNormShape& shape, const float* dy, const float* x, const float* y, const float* gamma,
                   const float* mean, const float* variance, float* dx, float* dgamma, float* dbeta, float* dresidual);

}  // namespace simclr
