#include "kernels/mat_mul.h"

#include <algorithm>

#include "runtime/onednn_api.h"
#include "runtime/parallel.h"
#include "runtime/product.h"

namespace simclr {
namespace {

using dnnl::memory;
using Type = memory::data_type;

constexpr int64_t kMatMulKey = 10;
/// Below this many multiplications the conversion to bfloat16 costs more than it saves.
constexpr int64_t kLargeProduct = int64_t{1} << 24;

int64_t Size(const std::vector<int64_t>& batch, int64_t rows, int64_t cols) {
  return Product({ProductOf(batch), rows, cols});
}

memory::dims OutputBatch(const MatMulShape& s) {
  memory::dims batch(s.aBatch.size());
  for (size_t i = 0; i < batch.size(); ++i) batch[i] = s.aBatch[i] == 1 ? s.bBatch[i] : s.aBatch[i];
  return batch;
}

/// A stack of rows x cols matrices, each held transposed or not.
memory::desc Matrices(const memory::dims& batch, int64_t rows, int64_t cols, bool transposed, Type type) {
  memory::dims dims = batch, strides(batch.size() + 2);
  dims.push_back(rows);
  dims.push_back(cols);
  size_t last = dims.size() - 1;
  strides[last] = transposed ? rows : 1;
  strides[last - 1] = transposed ? 1 : cols;
  int64_t step = rows * cols;
  for (size_t i = batch.size(); i-- > 0;) {
    strides[i] = step;
    step *= batch[i];
  }
  return memory::desc(dims, type, strides);
}

Operation Make(const MatMulShape& s, Type type, bool bias) {
  auto describe = [&](Type t) {
    return std::pair(Matrices(s.aBatch, s.rows, s.inner, s.transposeA, t),
                     Matrices(s.bBatch, s.inner, s.cols, s.transposeB, t));
  };
  auto [a, b] = describe(Type::f32);
  auto [aWanted, bWanted] = describe(type);
  memory::dims batch = OutputBatch(s);
  memory::desc out = Matrices(batch, s.rows, s.cols, false, Type::f32);
  memory::dims biasDims(batch.size() + 2, 1), biasStrides(batch.size() + 2, s.cols);
  biasDims.back() = s.cols;
  biasStrides.back() = 1;
  memory::desc biasDesc(biasDims, Type::f32, biasStrides);
  auto pd = bias ? Prepare<dnnl::matmul>(aWanted, bWanted, biasDesc, out) : Prepare<dnnl::matmul>(aWanted, bWanted, out);
  std::vector<Operand> operands{{DNNL_ARG_SRC, a, pd.src_desc(), false},
                                {DNNL_ARG_WEIGHTS, b, pd.weights_desc(), false},
                                {DNNL_ARG_DST, out, pd.dst_desc(), true}};
  if (bias) operands.push_back({DNNL_ARG_BIAS, biasDesc, pd.bias_desc(), false});
  return Operation(dnnl::matmul(pd), pd.scratchpad_desc(), operands);
}

/// Up to this many multiplications a loop is done before oneDNN has looked at its arguments.
constexpr int64_t kTinyProduct = 256;

/// One product, by definition.
void MultiplyTiny(const MatMulShape& s, const float* a, const float* b, const float* bias, float* out) {
  int64_t aRow = s.transposeA ? 1 : s.inner, aTerm = s.transposeA ? s.rows : 1;
  int64_t bTerm = s.transposeB ? 1 : s.cols, bColumn = s.transposeB ? s.inner : 1;
  for (int64_t r = 0; r < s.rows; ++r) {
    for (int64_t c = 0; c < s.cols; ++c) {
      float sum = 0;
      for (int64_t k = 0; k < s.inner; ++k) sum += a[r * aRow + k * aTerm] * b[k * bTerm + c * bColumn];
      out[r * s.cols + c] = bias ? sum + bias[c] : sum;
    }
  }
}

/// Products without terms: the bias, or zero.
void FillBias(int64_t rows, int64_t cols, const float* bias, float* out) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < cols; ++c) out[r * cols + c] = bias ? bias[c] : 0.0f;
  }
}

}  // namespace

int64_t MatMulShape::ASize() const { return Size(aBatch, rows, inner); }
int64_t MatMulShape::BSize() const { return Size(bBatch, inner, cols); }
int64_t MatMulShape::OutputSize() const { return Size(OutputBatch(*this), rows, cols); }

void MatMul(const MatMulShape& s, bool bfloat16, const float* a, const float* b, const float* bias, float* out) {
  int64_t size = s.OutputSize();
  if (size == 0) return;
  if (s.inner == 0) return FillBias(size / s.cols, s.cols, bias, out);
  if (size == s.rows * s.cols && size * s.inner <= kTinyProduct) return MultiplyTiny(s, a, b, bias, out);
  bfloat16 = bfloat16 && size * s.inner >= kLargeProduct && MultipliesBfloat16();
  Key key{kMatMulKey, bfloat16, bias != nullptr, s.rows, s.inner, s.cols, s.transposeA, s.transposeB};
  key.insert(key.end(), s.aBatch.begin(), s.aBatch.end());
  key.insert(key.end(), s.bBatch.begin(), s.bBatch.end());
  auto operation = Cached(key, [&] { return Make(s, bfloat16 ? Type::bf16 : Type::f32, bias != nullptr); });
  std::vector<void*> data{const_cast<float*>(a), const_cast<float*>(b), out};
  if (bias) data.push_back(const_cast<float*>(bias));
  operation->Run(data);
}

}  // namespace simclr
