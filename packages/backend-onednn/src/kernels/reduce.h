// Reductions over the middle dimension of a tensor seen as [outer, size, inner]. The order of a sum is fixed by the
// shape and the number of threads, so results are the same bit for bit.
#pragma once

#include <cstdint>

namespace simclr {

/// x is [outer, size, inner], y is [outer, inner]; size >= 1 but for sums, where 0 gives 0.
struct ReduceShape {
  int64_t outer, size, inner;
};

/// Sums in double, times `scale` (1 / size gives the mean).
void Sum(const ReduceShape& shape, const float* x, double scale, float* y);
void Sum(const ReduceShape& shape, const int32_t* x, int32_t* y);

/// Products in double; int32 wraps round; 1 where size is 0.
void Prod(const ReduceShape& shape, const float* x, float* y);
void Prod(const ReduceShape& shape, const int32_t* x, int32_t* y);

/// NaN comes through.
void Max(const ReduceShape& shape, const float* x, float* y);
void Min(const ReduceShape& shape, const float* x, float* y);
void All(const ReduceShape& shape, const uint8_t* x, uint8_t* y);
void Any(const ReduceShape& shape, const uint8_t* x, uint8_t* y);

/// Index of the largest (smallest) value, the lowest of equal ones; comparisons with NaN are false.
void ArgMax(const ReduceShape& shape, const float* x, int32_t* y);
void ArgMin(const ReduceShape& shape, const float* x, int32_t* y);

/// Over the last dimension: y = exp(x - max) / sum.
void Softmax(int64_t rows, int64_t width, const float* x, float* y);

}  // namespace simclr
