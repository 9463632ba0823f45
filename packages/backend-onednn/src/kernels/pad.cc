#include "kernels/pad.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "runtime/parallel.h"

namespace simclr {
namespace {

constexpr int kMaxRank = 24;

/// A dimension without padding belongs to its left neighbour, so that rows are as long as they can be.
std::vector<PadDim> Merge(const std::vector<PadDim>& dims) {
  std::vector<PadDim> merged;
  for (const PadDim& dim : dims) {
    if (!merged.empty() && dim.before == 0 && dim.after == 0) {
      PadDim& left = merged.back();
      left = {left.before * dim.size, left.size * dim.size, left.after * dim.size};
    } else {
      merged.push_back(dim);
    }
  }
  if (merged.empty()) merged.push_back({0, 1, 0});
  if (merged.size() > kMaxRank) throw std::invalid_argument("more than 24 padded dimensions");
  return merged;
}

}  // namespace

template <class T>
void Pad(const std::vector<PadDim>& dims, const T* x, T value, T* y) {
  std::vector<PadDim> merged = Merge(dims);
  const PadDim* d = merged.data();
  int outer = static_cast<int>(merged.size()) - 1;
  PadDim row = merged.back();
  int64_t width = row.Total(), rows = 1;
  for (int k = 0; k < outer; ++k) rows *= d[k].Total();
  if (rows == 0 || width == 0) return;
  ParallelFor(rows, std::max<int64_t>(1, 32768 / width), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t rest = r, source = 0, stride = 1;
      bool inside = row.size > 0;
      for (int k = outer - 1; k >= 0; --k) {
        int64_t i = rest % d[k].Total() - d[k].before;
        rest /= d[k].Total();
        inside = inside && i >= 0 && i < d[k].size;
        source += i * stride;
        stride *= d[k].size;
      }
      T* out = y + r * width;
      if (!inside) {
        std::fill_n(out, width, value);
        continue;
      }
      std::fill_n(out, row.before, value);
      std::memcpy(out + row.before, x + source * row.size, static_cast<size_t>(row.size) * sizeof(T));
      std::fill_n(out + row.before + row.size, row.after, value);
    }
  });
}

template void Pad<float>(const std::vector<PadDim>&, const float*, float, float*);
template void Pad<int32_t>(const std::vector<PadDim>&, const int32_t*, int32_t, int32_t*);
template void Pad<uint8_t>(const std::vector<PadDim>&, const uint8_t*, uint8_t, uint8_t*);

}  // namespace simclr
