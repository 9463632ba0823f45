// Products of sizes. Sizes come from outside and each may be anything; a product that wraps round could equal the length
// of a storage that is far smaller.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace simclr {

/// The product of sizes >= 0; 0 if any is 0, in whatever place. Throws std::invalid_argument where it is more than
/// a machine's memory could hold.
template <class Sizes>
int64_t ProductOf(const Sizes& sizes) {
  constexpr int64_t kMost = int64_t{1} << 46;
  int64_t product = 1;
  bool overflows = false;
  for (int64_t size : sizes) {
    if (size < 0) throw std::invalid_argument("a size is negative");
    if (size == 0) return 0;
    overflows = overflows || __builtin_mul_overflow(product, size, &product) || product > kMost;
    if (overflows) product = 1;
  }
  if (overflows) throw std::invalid_argument("sizes whose product is above 2^46");
  return product;
}

inline int64_t Product(std::initializer_list<int64_t> sizes) { return ProductOf(sizes); }

}  // namespace simclr
