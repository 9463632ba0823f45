// Reading and adding up slices by index.
#pragma once

#include <cstdint>

namespace simclr {

/// x is [batch, outer, size, slice], indices [batch, indices], y [batch, outer, indices, slice].
struct GatherShape {
  int64_t batch, outer, size, indices, slice;
};

/// y[b, o, i, :] = x[b, o, indices[b, i], :]. Throws std::out_of_range for an index outside [0, size - 1].
/// T is float, int32_t or uint8_t.
template <class T>
void Gather(const GatherShape& shape, const T* x, const int32_t* indices, T* y);

/// y[i, k] is `on` where k is indices[i], else `off`; y is [count, depth]. Rows of indices outside [0, depth) are all off.
template <class T>
void OneHot(const int32_t* indices, int64_t count, int64_t depth, T on, T off, T* y);

/// y[s, :] is the sum of the rows i of x [rows, width] with ids[i] = s, in their order; other ids are dropped.
void SegmentSum(const float* x, const int32_t* ids, int64_t rows, int64_t width, int64_t segments, float* y);

}  // namespace simclr
