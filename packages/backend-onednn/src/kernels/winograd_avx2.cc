#include "kernels/winograd_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define INLINE static inline __attribute__((always_inline))

namespace simclr::winograd {
namespace {

using V = __m256;
using Index = __m256i;
constexpr int64_t kLanes = 8;
/// Rows of a product held in registers: 6 x 2 sums of 16 registers.
constexpr int kRowTile = 6;

INLINE V Load(const float* p) { return _mm256_loadu_ps(p); }
INLINE void Store(float* p, V v) { _mm256_storeu_ps(p, v); }
INLINE V Load(const BFloat16* p) {
  __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}
/// The nearest bfloat16, ties to even; NaN stays NaN.
INLINE void Store(BFloat16* p, V v) {
  Index bits = _mm256_castps_si256(v);
  Index odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  Index rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  Index quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  Index isNaN = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  Index upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, isNaN), 16);
  Index halves = _mm256_permute4x64_epi64(_mm256_packus_epi32(upper, upper), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(halves));
}
/// Past the caches: for data that would not stay in them until it is read. `p` must be aligned to 32 bytes.
INLINE void Stream(float* p, V v) { _mm256_stream_ps(p, v); }
INLINE void Fence() { _mm_sfence(); }
INLINE V Set(float v) { return _mm256_set1_ps(v); }
/// a * b + c, and c - a * b.
INLINE V Fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
INLINE V Fnma(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE V Zero() { return _mm256_setzero_ps(); }
INLINE Index Multiples(int step) {
  return _mm256_mullo_epi32(_mm256_set1_epi32(step), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
INLINE V Gather(const float* p, Index index) { return _mm256_i32gather_ps(p, index, 4); }

#include "kernels/winograd_tiles.inc"

}  // namespace

const TileKernels& Avx2Kernels() { return kKernels; }

}  // namespace simclr::winograd
#pragma GCC pop_options
#endif
