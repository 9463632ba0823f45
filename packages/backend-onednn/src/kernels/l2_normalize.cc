#include "kernels/l2_normalize.h"

#include <algorithm>
#include <cmath>

#include "runtime/parallel.h"

namespace simclr {
namespace {

constexpr int64_t kGrain = 16384;
constexpr double kLeastSquaredNorm = 1e-12;

int64_t RowGrain(int64_t width) { return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width)); }

SIMCLR_INLINE inline double Dot(const float* a, const float* b, int64_t size) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < size; ++j) sum += static_cast<double>(a[j]) * b[j];
  return sum;
}

/// NaN stays NaN.
SIMCLR_INLINE inline double InverseNorm(double squaredNorm) {
  return 1 / std::sqrt(squaredNorm < kLeastSquaredNorm ? kLeastSquaredNorm : squaredNorm);
}

}  // namespace

void L2Normalize(int64_t rows, int64_t width, const float* x, float* y) {
  ParallelFor(rows, RowGrain(width), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      const float* row = x + r * width;
      float* to = y + r * width;
      float inverse = static_cast<float>(InverseNorm(Dot(row, row, width)));
      for (int64_t j = 0; j < width; ++j) to[j] = row[j] * inverse;
    }
  });
}

void L2NormalizeGrad(int64_t rows, int64_t width, const float* x, const float* dy, float* dx) {
  ParallelFor(rows, RowGrain(width), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      const float *row = x + r * width, *from = dy + r * width;
      float* to = dx + r * width;
      double squaredNorm = Dot(row, row, width);
      double inverse = InverseNorm(squaredNorm);
      // A row at the floor was divided by a constant, so nothing is projected out of its gradient.
      bool floored = squaredNorm <= kLeastSquaredNorm;
      float along = floored ? 0.0f : static_cast<float>(Dot(row, from, width) * inverse * inverse);
      float scale = static_cast<float>(inverse);
      for (int64_t j = 0; j < width; ++j) to[j] = scale * (from[j] - row[j] * along);
    }
  });
}

}  // namespace simclr
