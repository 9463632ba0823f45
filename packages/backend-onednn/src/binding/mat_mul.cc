#include "kernels/mat_mul.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

constexpr size_t kMaxBatchRank = 8;

/// MatMul(a, b, bias | null, rows, inner, cols, transposeA, transposeB, bfloat16, aBatch?, bBatch?) -> out. Plain matrices
/// come without the batches: an array costs as much to read as all else here.
Napi::Value BoundMatMul(const Napi::CallbackInfo& info) {
  Args args(info, "MatMul");
  MatMulShape shape;
  shape.rows = args.Int(3);
  shape.inner = args.Int(4);
  shape.cols = args.Int(5);
  shape.transposeA = args.Flag(6);
  shape.transposeB = args.Flag(7);
  if (args.Has(9)) {
    shape.aBatch = args.Ints(9);
    shape.bBatch = args.Ints(10);
  }
  if (shape.aBatch.size() != shape.bBatch.size() || shape.aBatch.size() > kMaxBatchRank) {
    args.Fail(10, "as long as argument 9, at most 8");
  }
  for (size_t i = 0; i < shape.aBatch.size(); ++i) {
    int64_t a = shape.aBatch[i], b = shape.bBatch[i];
    if (a < 0 || b < 0 || (a != b && a != 1 && b != 1)) args.Fail(10, "broadcastable to argument 9");
  }
  if (shape.rows < 0 || shape.inner < 0 || shape.cols < 0) args.Fail(3, "a size >= 0, and so must arguments 4 and 5");
  const float* a = args.Data<float>(0, shape.ASize());
  const float* b = args.Data<float>(1, shape.BSize());
  const float* bias = args.OptionalData<float>(2, shape.cols);
  Output<float> out(shape.OutputSize());
  MatMul(shape, args.Flag(8), a, b, bias, out.data());
  return Return(args, out);
}

}  // namespace

void BindMatMul(Napi::Object kernels) { Export(kernels, "MatMul", BoundMatMul); }

}  // namespace simclr
