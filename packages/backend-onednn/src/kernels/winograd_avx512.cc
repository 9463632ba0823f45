#include "kernels/winograd_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")

namespace simclr::winograd {
namespace {

#include "runtime/vectors_avx512.inc"

/// Rows of a product held in registers: 8 x 2 sums of 32 registers.
constexpr int kRowTile = 8;

/// Past the caches: for data that would not stay in them until it is read. `p` must be aligned to 64 bytes.
INLINE void Stream(float* p, V v) { _mm512_stream_ps(p, v); }
INLINE void Fence() { _mm_sfence(); }
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
