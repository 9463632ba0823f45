// Running sums and products along the middle dimension of a tensor seen as [outer, size, inner].
#pragma once

#include "kernels/reduce.h"

namespace simclr {

struct ScanOptions {
  bool exclusive;  // each result is of the values before it
  bool reverse;    // from the last to the first
};

/// float accumulates in double; int32 wraps round. T is float or int32_t.
template <class T>
void Cumsum(const ReduceShape& shape, const ScanOptions& options, const T* x, T* y);
template <class T>
void Cumprod(const ReduceShape& shape, const ScanOptions& options, const T* x, T* y);

}  // namespace simclr
