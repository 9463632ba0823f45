// Copies between two layouts of one box of elements: transposing, slicing, joining, tiling and reversing are all
// this, with different strides. Strides may be negative (reversed) or 0 (repeated).
#pragma once

#include <cstdint>
#include <vector>

namespace simclr {

constexpr int kMaxCopyRank = 24;

struct CopyDim {
  int64_t size;
  int64_t from;  // elements between neighbours in the source
  int64_t to;    // and in the result
};

/// Dimensions from the outermost to the innermost; none of size 1, and neighbours that one stride covers are merged.
struct CopyPlan {
  std::vector<CopyDim> dims;
  int64_t count = 1;
};

/// Throws std::invalid_argument if more than kMaxCopyRank dimensions remain.
CopyPlan PlanCopy(const std::vector<CopyDim>& dims);

/// y[sum index * to] = x[sum index * from] for every index of the box. T is float, int32_t or uint8_t.
template <class T>
void StridedCopy(const CopyPlan& plan, const T* x, T* y);

}  // namespace simclr
