// How two or three operands of different shapes line up. Dimensions of size 1 are dropped and neighbours that
// broadcast alike are merged, so that the last dimension is as long as it can be; there, each operand moves by 1 or 0.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace simclr {

constexpr int kMaxRank = 8;

template <int kOperands>
struct Broadcast {
  int rank = 0;
  int64_t count = 1;
  std::array<int64_t, kMaxRank> sizes{};
  /// strides[d][k]: elements that operand k moves by in dimension d.
  std::array<std::array<int64_t, kOperands>, kMaxRank> strides{};

  int64_t Inner() const { return sizes[rank - 1]; }
};

/// Shapes may differ in rank; sizes must be equal or 1. Throws std::invalid_argument otherwise.
template <int kOperands>
Broadcast<kOperands> PlanBroadcast(const std::array<std::vector<int64_t>, kOperands>& shapes);

/// Where each operand stands at element `position` of the result.
template <int kOperands>
struct BroadcastCursor {
  std::array<int64_t, kMaxRank> index{};
  std::array<int64_t, kOperands> offset{};

  __attribute__((always_inline)) BroadcastCursor(const Broadcast<kOperands>& plan, int64_t position) {
    for (int d = plan.rank - 1; d >= 0; --d) {
      index[d] = position % plan.sizes[d];
      position /= plan.sizes[d];
      for (int k = 0; k < kOperands; ++k) offset[k] += index[d] * plan.strides[d][k];
    }
  }

  /// Moves on by `n` elements, which must not reach beyond the end of the last dimension.
  __attribute__((always_inline)) void Advance(const Broadcast<kOperands>& plan, int64_t n) {
    int d = plan.rank - 1;
    index[d] += n;
    for (int k = 0; k < kOperands; ++k) offset[k] += n * plan.strides[d][k];
    while (d > 0 && index[d] == plan.sizes[d]) {
      for (int k = 0; k < kOperands; ++k) {
        offset[k] += plan.strides[d - 1][k] - plan.sizes[d] * plan.strides[d][k];
      }
      index[d] = 0;
      ++index[--d];
    }
  }
};

}  // namespace simclr
