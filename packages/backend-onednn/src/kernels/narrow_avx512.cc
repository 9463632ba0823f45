#include "kernels/narrow.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma,prefer-vector-width=512")
#define INLINE static inline __attribute__((always_inline))

namespace simclr::narrow {
namespace {

/// Output channels whose sums of three taps are held in registers.
constexpr int kHalf = 8;

INLINE __m512bh Pairs(const void* p) { return (__m512bh)_mm512_loadu_si512(p); }

INLINE __m512bh Broadcast(const void* p) {
  int both;
  std::memcpy(&both, p, sizeof both);
  return (__m512bh)_mm512_set1_epi32(both);
}

/// Two pixels of 16 channels -> for each channel the pair of both.
INLINE __m512bh PairsOfPixels(const BFloat16* pixels, __m512i order) {
  return (__m512bh)_mm512_permutexvar_epi16(order, _mm512_loadu_si512(pixels));
}

/// In each lane the places of a channel in the first and in the second pixel.
INLINE __m512i OrderOfPairs() {
  __m512i lanes = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  return _mm512_or_si512(lanes, _mm512_slli_epi32(_mm512_add_epi32(lanes, _mm512_set1_epi32(kChannels)), 16));
}

INLINE void StorePixels(const __m512* sums, int64_t count, BFloat16* y) {
#pragma GCC unroll 8
  for (int64_t p = 0; p < kPixels; p += 2) {
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(sums[p + 1], sums[p]);
    if (p + 2 <= count) {
      _mm512_storeu_si512(y + p * kChannels, both);
    } else if (p < count) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + p * kChannels), _mm512_castsi512_si256(both));
    }
  }
}

}  // namespace

void ConvolveLine(const BFloat16* const* lines, const Pair* filter, const float* bias, int64_t width, BFloat16* y) {
  __m512 start = bias ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
  for (int64_t first = 0; first < width; first += kPixels) {
    __m512 sums[kPixels];
#pragma GCC unroll 16
    for (int p = 0; p < kPixels; ++p) sums[p] = start;
    const Pair* weights = filter;
    for (int64_t line = 0; line < kTaps; ++line) {
      const BFloat16* pixels = lines[line] + first * kChannels;
      for (int64_t c = 0; c < kChannels; c += 2, weights += kTaps * kChannels) {
        __m512bh taps[kTaps] = {Pairs(weights), Pairs(weights + kChannels), Pairs(weights + 2 * kChannels)};
#pragma GCC unroll 18
        for (int p = 0; p < kPixels + 2; ++p) {
          __m512bh input = Broadcast(pixels + p * kChannels + c);
          if (p < kPixels) sums[p] = _mm512_dpbf16_ps(sums[p], input, taps[0]);
          if (p >= 1 && p <= kPixels) sums[p - 1] = _mm512_dpbf16_ps(sums[p - 1], input, taps[1]);
          if (p >= 2) sums[p - 2] = _mm512_dpbf16_ps(sums[p - 2], input, taps[2]);
        }
      }
    }
    StorePixels(sums, width - first, y + first * kChannels);
  }
}

void AddProducts(const BFloat16* inputs, int64_t stride, const Pair* gradients, int64_t count, int64_t pairs, float* sums) {
  __m512i order = OrderOfPairs();
  for (int64_t line = 0; line < kTaps; ++line) {
    for (int64_t half = 0; half < kChannels; half += kHalf) {
      float* ofLine = sums + (line * kTaps * kChannels + half) * kChannels;
      __m512 sum[kTaps][kHalf];
#pragma GCC unroll 3
      for (int t = 0; t < kTaps; ++t) {
#pragma GCC unroll 8
        for (int c = 0; c < kHalf; ++c) sum[t][c] = _mm512_loadu_ps(ofLine + (t * kChannels + c) * kChannels);
      }
      for (int64_t k = 0; k < count; ++k) {
        const BFloat16* pixels = inputs + (k + line) * stride;
        const Pair* gradient = gradients + k * pairs * kChannels + half;
        __m512bh left = PairsOfPixels(pixels, order);
        for (int64_t p = 0; p < pairs; ++p, pixels += 2 * kChannels, gradient += kChannels) {
          __m512bh middle = PairsOfPixels(pixels + kChannels, order);
          __m512bh right = PairsOfPixels(pixels + 2 * kChannels, order);
#pragma GCC unroll 8
          for (int c = 0; c < kHalf; ++c) {
            __m512bh both = Broadcast(gradient + c);
            sum[0][c] = _mm512_dpbf16_ps(sum[0][c], both, left);
            sum[1][c] = _mm512_dpbf16_ps(sum[1][c], both, middle);
            sum[2][c] = _mm512_dpbf16_ps(sum[2][c], both, right);
          }
          left = right;
        }
      }
#pragma GCC unroll 3
      for (int t = 0; t < kTaps; ++t) {
#pragma GCC unroll 8
        for (int c = 0; c < kHalf; ++c) _mm512_storeu_ps(ofLine + (t * kChannels + c) * kChannels, sum[t][c]);
      }
    }
  }
}

}  // namespace simclr::narrow
#pragma GCC pop_options
#endif
