// An exponential that compilers turn into vector code, which calls of the C library's prevent.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/parallel.h"

namespace simclr {

/// exp(x) for x <= 0, within 2 units in the last place; 0 below -87, where the result would not be a normal number. NaN
/// stays NaN. As Cephes' expf: x = n ln 2 + r with |r| <= ln 2 / 2, and a polynomial for exp(r).
SIMCLR_INLINE inline float ExpOfNegative(float x) {
  float bounded = x < -87.0f ? -87.0f : x;
  // Adding 1.5 * 2^23 rounds to an integer, which the lowest bits then hold.
  float shifted = bounded * 1.44269504088896341f + 12582912.0f;
  float n = shifted - 12582912.0f;
  float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r) * r + r + 1.0f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 23) + 0x3f800000u;  // 2^n
  float power;
  std::memcpy(&power, &bits, sizeof power);
  float result = p * power;
  return x < -87.0f ? 0.0f : result;
}

}  // namespace simclr
