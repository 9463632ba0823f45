// Optimizer steps: new parameter and velocity from parameter, gradient and velocity.
#pragma once

#include <cstdint>

namespace simclr {

struct UpdateOptions {
  double learningRate, momentum, weightDecay;
  bool nesterov;
};

/// LARS, classic momentum: g += wd * p; v = mu * v + lr * trust * g; p -= v (Nesterov: mu * v + lr * trust * g).
/// trust = trustCoefficient * |p| / |g|, 1 where a norm is 0 or adapt is false.
void LarsUpdate(const UpdateOptions& options, double trustCoefficient, bool adapt, int64_t count, const float* param,
                const float* grad, const float* velocity, float* newParam, float* newVelocity);

/// g += wd * p; v = mu * v + g; p -= lr * v (Nesterov: lr * (mu * v + g)).
void MomentumUpdate(const UpdateOptions& options, int64_t count, const float* param, const float* grad,
                    const float* velocity, float* newParam, float* newVelocity);

}  // namespace simclr
