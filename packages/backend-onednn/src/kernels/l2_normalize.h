// Rows of length 1, and the gradient with respect to the rows before that. Row-major float32 [rows, width].
#pragma once

#include <cstdint>

namespace simclr {

/// y = x / |x| by row, or x / 1e-6 where |x| is less.
void L2Normalize(int64_t rows, int64_t width, const float* x, float* y);

/// dx = (dy - y * (y · dy)) / |x| by row; of a row shorter than 1e-6 it is dy / 1e-6.
void L2NormalizeGrad(int64_t rows, int64_t width, const float* x, const float* dy, float* dx);

}  // namespace simclr
