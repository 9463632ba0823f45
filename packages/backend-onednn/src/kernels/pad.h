// A tensor in a larger one, surrounded by a constant.
#pragma once

#include <cstdint>
#include <vector>

namespace simclr {

struct PadDim {
  int64_t before, size, after;
  int64_t Total() const { return before + size + after; }
};

/// y has the dims' totals as its shape. T is float, int32_t or uint8_t; at most 24 dimensions.
template <class T>
void Pad(const std::vector<PadDim>& dims, const T* x, T value, T* y);

}  // namespace simclr
