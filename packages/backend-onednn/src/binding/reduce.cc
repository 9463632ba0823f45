#include "kernels/reduce.h"
#include "kernels/scan.h"
#include "kernels/top_k.h"

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

int64_t InputSize(const ReduceShape& s) { return Product({s.outer, s.size, s.inner}); }
int64_t OutputSize(const ReduceShape& s) { return Product({s.outer, s.inner}); }

/// Sum(x, sizes, scale) -> y
Napi::Value BoundSum(const Napi::CallbackInfo& info) {
  Args args(info, "Sum");
  ReduceShape shape = ShapeOf(args, 1, 0);
  if (args.Storage(0).dtype == DType::kInt32) {
    const int32_t* x = args.Data<int32_t>(0, InputSize(shape));
    Output<int32_t> y(OutputSize(shape));
    Sum(shape, x, y.data());
    return Return(args, y);
  }
  const float* x = args.Data<float>(0, InputSize(shape));
  Output<float> y(OutputSize(shape));
  Sum(shape, x, args.Number(2), y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunProd(const Args& args, const ReduceShape& shape) {
  const T* x = args.Data<T>(0, InputSize(shape));
  Output<T> y(OutputSize(shape));
  Prod(shape, x, y.data());
  return Return(args, y);
}

/// Prod(x, sizes) -> y
Napi::Value BoundProd(const Napi::CallbackInfo& info) {
  Args args(info, "Prod");
  ReduceShape shape = ShapeOf(args, 1, 0);
  if (args.Storage(0).dtype == DType::kInt32) return RunProd<int32_t>(args, shape);
  return RunProd<float>(args, shape);
}

template <class T>
using Scan = void (*)(const ReduceShape&, const ScanOptions&, const T*, T*);

template <class T>
Napi::Value RunScan(const Args& args, const ReduceShape& shape, Scan<T> scan) {
  const T* x = args.Data<T>(0, InputSize(shape));
  Output<T> y(InputSize(shape));
  scan(shape, {args.Flag(2), args.Flag(3)}, x, y.data());
  return Return(args, y);
}

/// Scan(x, sizes, exclusive, reverse) -> y, of x's shape
template <Scan<float> kOfFloat, Scan<int32_t> kOfInt>
Napi::Value BoundScan(const Napi::CallbackInfo& info) {
  Args args(info, "Scan");
  ReduceShape shape = ShapeOf(args, 1, 0);
  if (args.Storage(0).dtype == DType::kInt32) return RunScan<int32_t>(args, shape, kOfInt);
  return RunScan<float>(args, shape, kOfFloat);
}

template <class T>
Napi::Value RunTopK(const Args& args, int64_t rows, int64_t width, int64_t k) {
  const T* x = args.Data<T>(0, Product({rows, width}));
  Output<T> values(Product({rows, k}));
  Output<int32_t> indices(values.count());
  TopK(rows, width, k, x, values.data(), indices.data());
  return ReturnAll(args, values, indices);
}

/// TopK(x, rows, width, k) -> [values, indices]
Napi::Value BoundTopK(const Napi::CallbackInfo& info) {
  Args args(info, "TopK");
  int64_t rows = args.Int(1), width = args.Int(2), k = args.Int(3);
  if (width < 0 || width >= (int64_t{1} << 31)) args.Fail(2, "a width whose indices are int32");
  if (k < 0 || k > width) args.Fail(3, "between 0 and the width");
  if (args.Storage(0).dtype == DType::kInt32) return RunTopK<int32_t>(args, rows, width, k);
  return RunTopK<float>(args, rows, width, k);
}

/// Reduce(x, sizes) -> y
template <class In, class Out, void (*kReduce)(const ReduceShape&, const In*, Out*)>
Napi::Value BoundReduce(const Napi::CallbackInfo& info) {
  Args args(info, "Reduce");
  ReduceShape shape = ShapeOf(args, 1, 1);
  const In* x = args.Data<In>(0, InputSize(shape));
  Output<Out> y(OutputSize(shape));
  kReduce(shape, x, y.data());
  return Return(args, y);
}

/// Softmax(x, rows, width) -> y
Napi::Value BoundSoftmax(const Napi::CallbackInfo& info) {
  Args args(info, "Softmax");
  int64_t rows = args.Int(1), width = args.Int(2);
  const float* x = args.Data<float>(0, Product({rows, width}));
  Output<float> y(Product({rows, width}));
  if (width > 0) Softmax(rows, width, x, y.data());
  return Return(args, y);
}

}  // namespace

void BindReduce(Napi::Object kernels) {
  Export(kernels, "Sum", BoundSum);
  Export(kernels, "Prod", BoundProd);
  Export(kernels, "Cumsum", BoundScan<Cumsum<float>, Cumsum<int32_t>>);
  Export(kernels, "Cumprod", BoundScan<Cumprod<float>, Cumprod<int32_t>>);
  Export(kernels, "TopK", BoundTopK);
  Export(kernels, "Max", BoundReduce<float, float, Max>);
  Export(kernels, "Min", BoundReduce<float, float, Min>);
  Export(kernels, "All", BoundReduce<uint8_t, uint8_t, All>);
  Export(kernels, "Any", BoundReduce<uint8_t, uint8_t, Any>);
  Export(kernels, "ArgMax", BoundReduce<float, int32_t, ArgMax>);
  Export(kernels, "ArgMin", BoundReduce<float, int32_t, ArgMin>);
  Export(kernels, "Softmax", BoundSoftmax);
}

}  // namespace simclr
