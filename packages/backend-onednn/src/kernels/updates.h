// Optimizer steps: new parameter and slots (velocity, moments) from parameter, gradient and slots.
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

struct AdamWOptions {
  double learningRate, beta1, beta2, epsilon, weightDecay;
  /// Which update of the parameter it is, from 1.
  double update;
};

/// m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g * g;
/// p = (1 - lr * wd) * p - lr * (m / (1 - beta1^update)) / (sqrt(v / (1 - beta2^update)) + epsilon).
void AdamWUpdate(const AdamWOptions& options, int64_t count, const float* param, const float* grad,
                 const float* firstMoment, const float* secondMoment, float* newParam, float* newFirstMoment,
                 float* newSecondMoment);

}  // namespace simclr
