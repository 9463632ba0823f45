#include "kernels/batch_norm_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <type_traits>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")

namespace simclr::batch_norm {
namespace {

#include "runtime/vectors_avx512.inc"

/// Vectors of a row in registers: up to five per-channel values and three of each row, of 32 registers.
constexpr int kVectors = 4;

#include "kernels/batch_norm_blocks.inc"

}  // namespace

const Kernels& Avx512Kernels() { return kKernels; }

}  // namespace simclr::batch_norm
#pragma GCC pop_options
#endif
