#include "kernels/winograd_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#define INLINE static inline __attribute__((always_inline))

namespace simclr::winograd {
namespace {

using V = __m512;
using Index = __m512i;
constexpr int64_t kLanes = 16;
/// Rows of a product held in registers: 8 x 2 sums of 32 registers.
constexpr int kRowTile = 8;

INLINE V Load(const float* p) { return _mm512_loadu_ps(p); }
INLINE void Store(float* p, V v) { _mm512_storeu_ps(p, v); }
INLINE V Load(const BFloat16* p) {
  __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}
/// The nearest bfloat16, ties to even; NaN stays NaN.
INLINE void Store(BFloat16* p, V v) {
  Index bits = _mm512_castps_si512(v);
  Index odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  Index rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  Index quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x400000));
  rounded = _mm512_mask_mov_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), quiet);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
}
/// Past the caches: for data that would not stay in them until it is read. `p` must be aligned to 64 bytes.
INLINE void Stream(float* p, V v) { _mm512_stream_ps(p, v); }
INLINE void Fence() { _mm_sfence(); }
INLINE V Set(float v) { return _mm512_set1_ps(v); }
/// a * b + c, and c - a * b.
INLINE V Fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
INLINE V Fnma(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE V Zero() { return _mm512_setzero_ps(); }
INLINE Index Multiples(int step) {
  return _mm512_mullo_epi32(_mm512_set1_epi32(step),
                            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
}
INLINE V Gather(const float* p, Index index) { return _mm512_i32gather_ps(index, p, 4); }

#include "kernels/winograd_tiles.inc"

}  // namespace

const TileKernels& Avx512Kernels() { return kKernels; }

}  // namespace simclr::winograd
#pragma GCC pop_options
#endif
