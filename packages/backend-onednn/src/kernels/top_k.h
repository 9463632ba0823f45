// The largest values of each row.
#pragma once

#include <cstdint>

namespace simclr {

/// values, indices [rows, k] of x [rows, width], k <= width: from the largest to the smallest, of equal values the lower
/// index first. NaN counts as larger than any number. T is float or int32_t.
template <class T>
void TopK(int64_t rows, int64_t width, int64_t k, const T* x, T* values, int32_t* indices);

}  // namespace simclr
