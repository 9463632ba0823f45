#include "kernels/add_n.h"

#include <algorithm>
#include <type_traits>

#include "runtime/parallel.h"

namespace simclr {
namespace {

constexpr int64_t kBlock = 2048;  // stays in the first cache while all operands are added to it

}  // namespace

template <class T>
void AddN(const std::vector<const T*>& xs, int64_t count, T* y) {
  using Number = std::conditional_t<std::is_same_v<T, int32_t>, uint32_t, T>;
  const T* const* operands = xs.data();
  size_t number = xs.size();
  ParallelFor(count, std::max<int64_t>(1024, 32768 / static_cast<int64_t>(number)),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t block = begin; block < end; block += kBlock) {
                  int64_t stop = std::min(end, block + kBlock);
                  std::copy(operands[0] + block, operands[0] + stop, y + block);
                  for (size_t k = 1; k < number; ++k) {
                    const T* x = operands[k];
#pragma omp simd
                    for (int64_t i = block; i < stop; ++i) {
                      y[i] = static_cast<T>(static_cast<Number>(y[i]) + static_cast<Number>(x[i]));
                    }
                  }
                }
              });
}

template void AddN<float>(const std::vector<const float*>&, int64_t, float*);
template void AddN<int32_t>(const std::vector<const int32_t*>&, int64_t, int32_t*);

}  // namespace simclr
