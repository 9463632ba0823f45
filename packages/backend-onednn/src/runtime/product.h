// Products of sizes. Sizes come from outside and each may be anything; a product that wraps round could equal the length
// of a storage that is far smaller.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <stdexcept>

namespace simclr {

/// The product of sizes >= 0. Throws std::invalid_argument where that of the sizes that are not 0 is more than any
/// machine's memory holds, so that products of some of them need no check.
template <class Sizes>
int64_t ProductOf(const Sizes& sizes) {
  constexpr int64_t kMost = int64_t{1} << 46;
  int64_t product = 1;
  bool empty = false;
  for (int64_t size : sizes) {
    if (size < 0) throw std::invalid_argument("a size is negative");
    empty = empty || size == 0;
    if (size == 0) continue;
    if (size > kMost / product) throw std::invalid_argument("the product of the sizes is above 2^46");
    product *= size;
  }
  return empty ? 0 : product;
}

inline int64_t Product(std::initializer_list<int64_t> sizes) { return ProductOf(sizes); }

}  // namespace simclr
