#include "kernels/scan.h"

#include <algorithm>
#include <type_traits>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

struct Plus {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return a + b; }
};
struct Times {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return a * b; }
};

template <class Op, class T>
void Scan(const ReduceShape& s, const ScanOptions& options, int start, const T* x, T* y) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, uint32_t>;
  int64_t block = s.size * s.inner;
  if (block == 0) return;
  ParallelFor(s.outer, std::max<int64_t>(1, 16384 / block), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<Wide> scratch(static_cast<size_t>(s.inner));
    Wide* running = scratch.data();
    for (int64_t o = begin; o < end; ++o) {
      std::fill_n(running, s.inner, static_cast<Wide>(start));
      for (int64_t i = 0; i < s.size; ++i) {
        int64_t row = o * block + (options.reverse ? s.size - 1 - i : i) * s.inner;
        for (int64_t j = 0; j < s.inner; ++j) {
          Wide before = running[j];
          running[j] = Op::template Apply<Wide>(before, static_cast<Wide>(x[row + j]));
          y[row + j] = static_cast<T>(options.exclusive ? before : running[j]);
        }
      }
    }
  });
}

}  // namespace

template <class T>
void Cumsum(const ReduceShape& shape, const ScanOptions& options, const T* x, T* y) {
  Scan<Plus>(shape, options, 0, x, y);
}
template <class T>
void Cumprod(const ReduceShape& shape, const ScanOptions& options, const T* x, T* y) {
  Scan<Times>(shape, options, 1, x, y);
}

template void Cumsum<float>(const ReduceShape&, const ScanOptions&, const float*, float*);
template void Cumsum<int32_t>(const ReduceShape&, const ScanOptions&, const int32_t*, int32_t*);
template void Cumprod<float>(const ReduceShape&, const ScanOptions&, const float*, float*);
template void Cumprod<int32_t>(const ReduceShape&, const ScanOptions&, const int32_t*, int32_t*);

}  // namespace simclr
