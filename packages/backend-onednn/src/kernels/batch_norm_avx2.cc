#include "kernels/batch_norm_blocks.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <type_traits>

#pragma GCC push_options
#pragma GCC target("avx2,fma")

namespace simclr::batch_norm {
namespace {

#include "runtime/vectors_avx2.inc"

/// Vectors of a row in registers: up to five per-channel values and three of each row, of 16 registers.
constexpr int kVectors = 2;

#include "kernels/batch_norm_blocks.inc"

}  // namespace

const Kernels& Avx2Kernels() { return kKernels; }

}  // namespace simclr::batch_norm
#pragma GCC pop_options
#endif
