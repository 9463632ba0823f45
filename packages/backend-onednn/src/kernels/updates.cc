#include "kernels/updates.h"

#include <cmath>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

constexpr int64_t kGrain = 16384;

/// eta * |p| / |g + wd * p|, or 1 where a norm is 0.
double TrustRatio(double trustCoefficient, float weightDecay, int64_t count, const float* param, const float* grad) {
  Chunks chunks(count, kGrain);
  Scratch<double> partial(static_cast<size_t>(2 * std::max(chunks.number, 1)));
  double* sums = partial.data();
  sums[0] = sums[1] = 0;
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double weights = 0, update = 0;
#pragma omp simd reduction(+ : weights, update)
    for (int64_t i = begin; i < end; ++i) {
      float p = param[i], g = grad[i] + weightDecay * p;
      weights += static_cast<double>(p) * p;
      update += static_cast<double>(g) * g;
    }
    sums[2 * chunk] = weights;
    sums[2 * chunk + 1] = update;
  });
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    sums[0] += sums[2 * chunk];
    sums[1] += sums[2 * chunk + 1];
  }
  return sums[0] > 0 && sums[1] > 0 ? trustCoefficient * std::sqrt(sums[0]) / std::sqrt(sums[1]) : 1;
}

}  // namespace

void LarsUpdate(const UpdateOptions& options, double trustCoefficient, bool adapt, int64_t count, const float* param,
                const float* grad, const float* velocity, float* newParam, float* newVelocity) {
  float decay = static_cast<float>(options.weightDecay), momentum = static_cast<float>(options.momentum);
  double trust = adapt ? TrustRatio(trustCoefficient, decay, count, param, grad) : 1;
  float rate = static_cast<float>(options.learningRate * trust);
  bool nesterov = options.nesterov;
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float step = rate * (grad[i] + decay * param[i]);
      float v = momentum * velocity[i] + step;
      newVelocity[i] = v;
      newParam[i] = param[i] - (nesterov ? momentum * v + step : v);
    }
  });
}

void MomentumUpdate(const UpdateOptions& options, int64_t count, const float* param, const float* grad,
                    const float* velocity, float* newParam, float* newVelocity) {
  float decay = static_cast<float>(options.weightDecay), momentum = static_cast<float>(options.momentum);
  float rate = static_cast<float>(options.learningRate);
  bool nesterov = options.nesterov;
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float g = grad[i] + decay * param[i];
      float v = momentum * velocity[i] + g;
      newVelocity[i] = v;
      newParam[i] = param[i] - rate * (nesterov ? momentum * v + g : v);
    }
  });
}

void AdamWUpdate(const AdamWOptions& options, int64_t count, const float* param, const float* grad,
                 const float* firstMoment, const float* secondMoment, float* newParam, float* newFirstMoment,
                 float* newSecondMoment) {
  float beta1 = static_cast<float>(options.beta1), beta2 = static_cast<float>(options.beta2);
  float rest1 = static_cast<float>(1 - options.beta1), rest2 = static_cast<float>(1 - options.beta2);
  float rate = static_cast<float>(options.learningRate / (1 - std::pow(options.beta1, options.update)));
  float scale = static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, options.update)));
  float epsilon = static_cast<float>(options.epsilon);
  float kept = static_cast<float>(1 - options.learningRate * options.weightDecay);
  ParallelFor(count, kGrain, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float g = grad[i];
      float m = beta1 * firstMoment[i] + rest1 * g;
      float v = beta2 * secondMoment[i] + rest2 * (g * g);
      newFirstMoment[i] = m;
      newSecondMoment[i] = v;
      newParam[i] = kept * param[i] - rate * (m / (std::sqrt(v) * scale + epsilon));
    }
  });
}

}  // namespace simclr
