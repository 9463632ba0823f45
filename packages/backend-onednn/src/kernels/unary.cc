#include "kernels/unary.h"

namespace simclr {

void Clip(const float* x, float low, float high, int64_t count, float* y) {
  ParallelFor(count, 32768, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = x[i] > high ? high : (x[i] < low ? low : x[i]);
  });
}

}  // namespace simclr
