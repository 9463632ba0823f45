// Batched matrix product with broadcasting: out[b] = op(a[b]) * op(b[b]) + bias, row-major float32.
#pragma once

#include <cstdint>
#include <vector>

namespace simclr {

struct MatMulShape {
  std::vector<int64_t> aBatch, bBatch;  // same rank; sizes equal or 1
  int64_t rows, inner, cols;            // of the product
  bool transposeA, transposeB;          // whether a is held as [inner, rows], b as [cols, inner]

  int64_t ASize() const;
  int64_t BSize() const;
  int64_t OutputSize() const;
};

/// bias: `cols` values, or null. With `bfloat16`, operands of large products are rounded to it where that is faster.
void MatMul(const MatMulShape& shape, bool bfloat16, const float* a, const float* b, const float* bias, float* out);

}  // namespace simclr
