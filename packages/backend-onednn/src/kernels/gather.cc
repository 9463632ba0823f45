#include "kernels/gather.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "runtime/parallel.h"

namespace simclr {

template <class T>
void Gather(const GatherShape& s, const T* x, const int32_t* indices, T* y) {
  for (int64_t i = 0; i < s.batch * s.indices; ++i) {
    if (indices[i] < 0 || indices[i] >= s.size) {
      throw std::out_of_range("GatherV2: the index value " + std::to_string(indices[i]) + " is not in [0, " +
                              std::to_string(s.size - 1) + "]");
    }
  }
  if (s.slice == 0) return;
  int64_t rows = s.batch * s.outer * s.indices;
  ParallelFor(rows, std::max<int64_t>(1, 16384 / s.slice), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t block = r / s.indices, b = block / s.outer;
      const T* from = x + (block * s.size + indices[b * s.indices + r % s.indices]) * s.slice;
      T* to = y + r * s.slice;
      if (s.slice >= 32) {
        std::memcpy(to, from, static_cast<size_t>(s.slice) * sizeof(T));
      } else {
        for (int64_t i = 0; i < s.slice; ++i) to[i] = from[i];
      }
    }
  });
}

template <class T>
void OneHot(const int32_t* indices, int64_t count, int64_t depth, T on, T off, T* y) {
  if (depth == 0) return;
  ParallelFor(count, std::max<int64_t>(1, 32768 / depth), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    std::fill_n(y + begin * depth, (end - begin) * depth, off);
    for (int64_t i = begin; i < end; ++i) {
      if (indices[i] >= 0 && indices[i] < depth) y[i * depth + indices[i]] = on;
    }
  });
}

void SegmentSum(const float* x, const int32_t* ids, int64_t rows, int64_t width, int64_t segments, float* y) {
  // Each thread owns a range of segments and walks all ids, so a sum has one order whatever the number of threads.
  int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, width * rows / std::max<int64_t>(segments, 1)));
  ParallelFor(segments, grain, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    std::fill_n(y + begin * width, (end - begin) * width, 0.0f);
    for (int64_t r = 0; r < rows; ++r) {
      if (ids[r] < begin || ids[r] >= end) continue;
      const float* row = x + r * width;
      float* sum = y + ids[r] * width;
#pragma omp simd
      for (int64_t i = 0; i < width; ++i) sum[i] += row[i];
    }
  });
}

template void Gather<float>(const GatherShape&, const float*, const int32_t*, float*);
template void Gather<int32_t>(const GatherShape&, const int32_t*, const int32_t*, int32_t*);
template void Gather<uint8_t>(const GatherShape&, const uint8_t*, const int32_t*, uint8_t*);
template void OneHot<float>(const int32_t*, int64_t, int64_t, float, float, float*);
template void OneHot<int32_t>(const int32_t*, int64_t, int64_t, int32_t, int32_t, int32_t*);
template void OneHot<uint8_t>(const int32_t*, int64_t, int64_t, uint8_t, uint8_t, uint8_t*);

}  // namespace simclr
