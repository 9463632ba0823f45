#include "kernels/reduce.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

/// Sizes (outer, size, inner); `least` is the smallest size that the reduction has a value for.
ReduceShape ShapeOf(const Args& args, size_t i, int64_t least) {
  std::vector<int64_t> v = args.Ints(i, 3);
  if (v[0] < 0 || v[1] < least || v[2] < 0) args.Fail(i, "outer, size and inner of a reduction");
  return {v[0], v[1], v[2]};
}

int64_t InputSize(const ReduceShape& s) { return s.outer * s.size * s.inner; }

/// Sum(x, sizes, scale) -> y
Napi::Value BoundSum(const Napi::CallbackInfo& info) {
  Args args(info, "Sum");
  ReduceShape shape = ShapeOf(args, 1, 0);
  if (args.Storage(0).dtype == DType::kInt32) {
    const int32_t* x = args.Data<int32_t>(0, InputSize(shape));
    Output<int32_t> y(shape.outer * shape.inner);
    Sum(shape, x, y.data());
    return Return(args, y);
  }
  const float* x = args.Data<float>(0, InputSize(shape));
  Output<float> y(shape.outer * shape.inner);
  Sum(shape, x, args.Number(2), y.data());
  return Return(args, y);
}

/// Reduce(x, sizes) -> y
template <class In, class Out, void (*kReduce)(const ReduceShape&, const In*, Out*)>
Napi::Value BoundReduce(const Napi::CallbackInfo& info) {
  Args args(info, "Reduce");
  ReduceShape shape = ShapeOf(args, 1, 1);
  const In* x = args.Data<In>(0, InputSize(shape));
  Output<Out> y(shape.outer * shape.inner);
  kReduce(shape, x, y.data());
  return Return(args, y);
}

/// Softmax(x, rows, width) -> y
Napi::Value BoundSoftmax(const Napi::CallbackInfo& info) {
  Args args(info, "Softmax");
  int64_t rows = args.Int(1), width = args.Int(2);
  const float* x = args.Data<float>(0, rows * width);
  Output<float> y(rows * width);
  if (width > 0) Softmax(rows, width, x, y.data());
  return Return(args, y);
}

}  // namespace

void BindReduce(Napi::Object kernels) {
  Export(kernels, "Sum", BoundSum);
  Export(kernels, "Max", BoundReduce<float, float, Max>);
  Export(kernels, "Min", BoundReduce<float, float, Min>);
  Export(kernels, "All", BoundReduce<uint8_t, uint8_t, All>);
  Export(kernels, "Any", BoundReduce<uint8_t, uint8_t, Any>);
  Export(kernels, "ArgMax", BoundReduce<float, int32_t, ArgMax>);
  Export(kernels, "ArgMin", BoundReduce<float, int32_t, ArgMin>);
  Export(kernels, "Softmax", BoundSoftmax);
}

}  // namespace simclr
