// The sum of several tensors of one shape.
#pragma once

#include <cstdint>
#include <vector>

namespace simclr {

/// y = xs[0] + xs[1] + ..., added in this order. T is float or int32_t (which wraps around); at least one operand.
template <class T>
void AddN(const std::vector<const T*>& xs, int64_t count, T* y);

}  // namespace simclr
