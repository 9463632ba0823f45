#include "kernels/broadcast.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/product.h"

namespace simclr {
namespace {

/// Size of a shape's dimension counted from the end; 1 beyond its rank.
int64_t FromEnd(const std::vector<int64_t>& shape, size_t i) {
  return i < shape.size() ? shape[shape.size() - 1 - i] : 1;
}

}  // namespace

template <int kOperands>
Broadcast<kOperands> PlanBroadcast(const std::array<std::vector<int64_t>, kOperands>& shapes) {
  size_t rank = 0;
  for (const auto& shape : shapes) rank = std::max(rank, shape.size());
  // Dimensions from the last to the first; merged on the way.
  std::vector<int64_t> sizes;
  std::vector<std::array<int64_t, kOperands>> strides;
  std::array<int64_t, kOperands> elements;
  elements.fill(1);
  for (const auto& shape : shapes) ProductOf(shape);  // throws where one overflows
  Broadcast<kOperands> plan;
  std::vector<int64_t> outShape;
  for (size_t i = 0; i < rank; ++i) {
    int64_t size = 1;
    for (const auto& shape : shapes) {
      int64_t own = FromEnd(shape, i);
      if (own != 1 && size != 1 && own != size) throw std::invalid_argument("shapes do not broadcast");
      if (own != 1) size = own;
    }
    std::array<int64_t, kOperands> stride;
    for (int k = 0; k < kOperands; ++k) {
      int64_t own = FromEnd(shapes[k], i);
      stride[k] = own == 1 ? 0 : elements[k];
      elements[k] *= own;
    }
    outShape.push_back(size);
    if (size == 1) continue;
    bool merges = !sizes.empty();
    for (int k = 0; k < kOperands && merges; ++k) merges = stride[k] == strides.back()[k] * sizes.back();
    if (merges) {
      sizes.back() *= size;
    } else {
      sizes.push_back(size);
      strides.push_back(stride);
    }
  }
  plan.count = ProductOf(outShape);
  if (sizes.empty()) {
    sizes.push_back(1);
    strides.emplace_back();
  }
  if (sizes.size() > kMaxRank) throw std::invalid_argument("more than 8 dimensions that broadcast differently");
  plan.rank = static_cast<int>(sizes.size());
  for (int d = 0; d < plan.rank; ++d) {
    plan.sizes[d] = sizes[plan.rank - 1 - d];
    plan.strides[d] = strides[plan.rank - 1 - d];
  }
  return plan;
}

template Broadcast<2> PlanBroadcast<2>(const std::array<std::vector<int64_t>, 2>&);
template Broadcast<3> PlanBroadcast<3>(const std::array<std::vector<int64_t>, 3>&);

}  // namespace simclr
