#include "kernels/cross_entropy.h"

#include <algorithm>
#include <cmath>

#include "runtime/exp.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

constexpr int64_t kGrain = 4096;

int64_t RowGrain(int64_t width) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)); }

SIMCLR_INLINE inline float Largest(const float* x, int64_t size) {
  float largest = x[0];
#pragma omp simd reduction(max : largest)
  for (int64_t j = 1; j < size; ++j) largest = x[j] > largest ? x[j] : largest;
  return largest;
}

SIMCLR_INLINE inline double LossOfRow(const float* x, const float* target, int64_t size) {
  float largest = Largest(x, size);
  double sum = 0, mass = 0, along = 0;
#pragma omp simd reduction(+ : sum, mass, along)
  for (int64_t j = 0; j < size; ++j) {
    float shifted = x[j] - largest;
    sum += ExpOfNegative(shifted);
    mass += target[j];
    along += static_cast<double>(target[j]) * shifted;
  }
  return mass * std::log(sum) - along;
}

}  // namespace

float CrossEntropy(int64_t rows, int64_t width, const float* logits, const float* targets, const float* weights) {
  if (width == 0) return 0;
  Chunks chunks(rows, RowGrain(width));
  Scratch<double> partial(static_cast<size_t>(std::max(chunks.number, 1)));
  double* sums = partial.data();
  sums[0] = 0;
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double sum = 0;
    for (int64_t r = begin; r < end; ++r) sum += weights[r] * LossOfRow(logits + r * width, targets + r * width, width);
    sums[chunk] = sum;
  });
  for (int chunk = 1; chunk < chunks.number; ++chunk) sums[0] += sums[chunk];
  return static_cast<float>(sums[0]);
}

void CrossEntropyGrad(int64_t rows, int64_t width, float dy, const float* logits, const float* targets,
                      const float* weights, float* gradient) {
  if (width == 0) return;
  ParallelFor(rows, RowGrain(width), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      const float *x = logits + r * width, *target = targets + r * width;
      float* to = gradient + r * width;
      float largest = Largest(x, width);
      double sum = 0, mass = 0;
#pragma omp simd reduction(+ : sum, mass)
      for (int64_t j = 0; j < width; ++j) {
        to[j] = ExpOfNegative(x[j] - largest);
        sum += to[j];
        mass += target[j];
      }
      float scale = dy * weights[r], share = static_cast<float>(mass / sum);
      for (int64_t j = 0; j < width; ++j) to[j] = scale * (to[j] * share - target[j]);
    }
  });
}

}  // namespace simclr
