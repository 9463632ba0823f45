// The passes of batch norm over a block of rows that are written for a width of vector.
//
// A row has `lanes` lanes of 32 bits, a multiple of the vector's: each is a float or two neighbours in bfloat16, which are split
// and joined faster than 16 bits are widened and narrowed. Per-channel arrays of a row of bfloat16 hold the values of the first
// of all neighbours before those of the second.
#pragma once

#include <cstdint>

#include "runtime/bfloat16.h"

namespace simclr::batch_norm {

/// Per-channel values. `slope` and `shift` are of the gradient's second pass.
struct Factors {
  const float *mean, *scale, *beta, *slope, *shift;
};

/// How the ReLU's mask of dy is known: there is none, from the sign of y, or from y computed again of x.
enum class Mask { kNone, kOfY, kOfX };

template <class T>
struct BlockKernels {
  /// Adds x - pivot and its square to sums[0, n) and sums[n, 2n), where n numbers are a row and the first row is the pivot.
  void (*sumDeviations)(int64_t rows, int64_t lanes, const T* x, float* sums);
  /// y = (x - mean) * scale + beta (+ residual, if not null), behind a ReLU or not.
  void (*apply)(int64_t rows, int64_t lanes, const T* x, const Factors& f, const T* residual, bool relu, T* y);
  /// Adds dy, masked, and its product with x - mean to sums[0, n) and sums[n, 2n).
  void (*sumGradients)(int64_t rows, int64_t lanes, Mask mask, const T* dy, const T* x, const T* y, const Factors& f,
                       float* sums);
  /// dx = scale * dy + (x - mean) * slope + shift, with dy masked. `masked`, if not null, becomes that dy.
  void (*spreadGradients)(int64_t rows, int64_t lanes, Mask mask, const T* dy, const T* x, const T* y, const Factors& f,
                          T* masked, T* dx);
};

struct Kernels {
  /// Lanes of a vector.
  int64_t lanes;
  BlockKernels<float> ofFloats;
  BlockKernels<BFloat16> ofBFloat16s;
};

const Kernels& Avx2Kernels();
const Kernels& Avx512Kernels();

}  // namespace simclr::batch_norm
