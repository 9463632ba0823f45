#include "kernels/winograd_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,fma")

namespace simclr::winograd {
namespace {

#include "runtime/vectors_avx2.inc"

/// Rows of a product held in registers: 6 x 2 sums of 16 registers.
constexpr int kRowTile = 6;

/// Past the caches: for data that would not stay in them until it is read. `p` must be aligned to 32 bytes.
INLINE void Stream(float* p, V v) { _mm256_stream_ps(p, v); }
INLINE void Fence() { _mm_sfence(); }
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
