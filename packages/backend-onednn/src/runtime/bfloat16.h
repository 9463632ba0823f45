// bfloat16: the upper half of a float32. Storage only; kernels compute in float32 between a load and a store.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/parallel.h"

namespace simclr {

struct BFloat16 {
  uint16_t bits;
};

SIMCLR_INLINE inline float ToFloat(float value) { return value; }
SIMCLR_INLINE inline float ToFloat(BFloat16 value) {
  uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

/// The nearest T, ties to even; NaN stays NaN.
template <class T>
SIMCLR_INLINE inline T FromFloat(float value);
template <>
SIMCLR_INLINE inline float FromFloat<float>(float value) {
  return value;
}
template <>
SIMCLR_INLINE inline BFloat16 FromFloat<BFloat16>(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
  return {static_cast<uint16_t>((value != value ? bits | 0x400000u : rounded) >> 16)};
}

/// y[i] = x[i] in the other type.
template <class From, class To>
void Convert(const From* x, int64_t count, To* y) {
  ParallelFor(count, 32768, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = FromFloat<To>(ToFloat(x[i]));
  });
}

/// y[i] = the nearest bfloat16 to x[i], as float32.
template <class From>
void RoundToBFloat16(const From* x, int64_t count, float* y) {
  ParallelFor(count, 32768, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = ToFloat(FromFloat<BFloat16>(ToFloat(x[i])));
  });
}

}  // namespace simclr
