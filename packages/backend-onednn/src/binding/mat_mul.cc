#include "kernels/mat_mul.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

constexpr size_t kMaxBatchRank = 8;

/// MatMul(a, b, bias | null, aBatch, bBatch, [rows, inner, cols], transposeA, transposeB, bfloat16) -> out
Napi::Value BoundMatMul(const Napi::CallbackInfo& info) {
  Args args(info, "MatMul");
  std::vector<int64_t> sizes = args.Ints(5, 3);
  MatMulShape shape{args.Ints(3), args.Ints(4), sizes[0], sizes[1], sizes[2], args.Flag(6), args.Flag(7)};
  if (shape.aBatch.size() != shape.bBatch.size() || shape.aBatch.size() > kMaxBatchRank) {
    args.Fail(4, "as long as argument 3, at most 8");
  }
  for (size_t i = 0; i < shape.aBatch.size(); ++i) {
    int64_t a = shape.aBatch[i], b = shape.bBatch[i];
    if (a < 0 || b < 0 || (a != b && a != 1 && b != 1)) args.Fail(4, "broadcastable to argument 3");
  }
  for (int64_t size : sizes) {
    if (size < 0) args.Fail(5, "sizes >= 0");
  }
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
