#include "kernels/pairs.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prefer-vector-width=512")
#define INLINE static inline __attribute__((always_inline))

namespace simclr::pairs {
namespace {

constexpr int64_t kLanes = 16;
/// Rows of sums held in registers: 8 x 2 of 32.
constexpr int kRowTile = 8;

/// 16 channels of one pixel, each in a lower half. Null is a pixel beside the image.
INLINE __m512i Pixel(const BFloat16* p) {
  return p ? _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))) : _mm512_setzero_si512();
}

INLINE void StorePairs(Pair* to, __m512i first, __m512i second) {
  _mm512_storeu_si512(to, _mm512_or_si512(first, _mm512_slli_epi32(second, 16)));
}

template <int kRows, int kVectors>
INLINE void Tile(const Pair* a, const int64_t* offsets, int64_t count, int64_t pairs, int64_t inputs, const Pair* b,
                 float* sums, int64_t stride, bool add) {
  __m512 sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = add ? _mm512_loadu_ps(sums + r * stride + v * kLanes) : _mm512_setzero_ps();
  }
  for (int64_t line = 0; line < count; ++line) {
    const Pair* left = a + offsets[line];
    for (int64_t p = 0; p < pairs; ++p, left += inputs, b += kVectors * kLanes) {
      __m512bh right[kVectors];
      for (int v = 0; v < kVectors; ++v) right[v] = (__m512bh)_mm512_loadu_si512(b + v * kLanes);
      for (int r = 0; r < kRows; ++r) {
        __m512bh both = (__m512bh)_mm512_set1_epi32(static_cast<int>(left[r]));
        for (int v = 0; v < kVectors; ++v) sum[r][v] = _mm512_dpbf16_ps(sum[r][v], both, right[v]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) _mm512_storeu_ps(sums + r * stride + v * kLanes, sum[r][v]);
  }
}

}  // namespace

void PackInputs(const Line& l, const BFloat16* pixels, Pair* out) {
  auto at = [&](int64_t output, int64_t tap) __attribute__((always_inline)) -> const BFloat16* {
    int64_t x = output * l.stride + tap - l.padLeft;
    return output < l.outWidth && x >= 0 && x < l.width ? pixels + x * l.channels : nullptr;
  };
  for (int64_t output = 0; output < l.outWidth; output += 2) {
    for (int64_t tap = 0; tap < l.filterWidth; ++tap, out += l.channels) {
      const BFloat16 *first = at(output, tap), *second = at(output + 1, tap);
      for (int64_t c = 0; c < l.channels; c += kLanes) {
        StorePairs(out + c, Pixel(first ? first + c : nullptr), Pixel(second ? second + c : nullptr));
      }
    }
  }
}

void PackGradients(const BFloat16* pixels, int64_t outWidth, int64_t channels, int64_t panelWidth, int64_t step,
                   Pair* out) {
  for (int64_t x = 0; x < outWidth; x += 2, out += panelWidth) {
    const BFloat16* first = pixels + x * channels;
    const BFloat16* second = x + 1 < outWidth ? first + channels : nullptr;
    Pair* panel = out;
    for (int64_t c = 0; c < channels; c += panelWidth, panel += step) {
      for (int64_t k = 0; k < panelWidth; k += kLanes) {
        StorePairs(panel + k, Pixel(first + c + k), Pixel(second ? second + c + k : nullptr));
      }
    }
  }
}

void Multiply(const Pair* a, const int64_t* offsets, int64_t count, int64_t pairs, int64_t inputs, const Pair* b,
              int64_t width, float* sums, int64_t stride, bool add) {
  if (width == 2 * kLanes) {
    for (int64_t r = 0; r < inputs; r += kRowTile) {
      Tile<kRowTile, 2>(a + r, offsets, count, pairs, inputs, b, sums + r * stride, stride, add);
    }
  } else {
    for (int64_t r = 0; r < inputs; r += 2 * kRowTile) {
      Tile<2 * kRowTile, 1>(a + r, offsets, count, pairs, inputs, b, sums + r * stride, stride, add);
    }
  }
}

}  // namespace simclr::pairs
#pragma GCC pop_options
#endif
