#include "kernels/pooling.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

PoolShape ShapeOf(const Args& args, size_t i) {
  std::vector<int64_t> v = args.Ints(i, 14);
  for (size_t k = 0; k < v.size(); ++k) {
    int64_t least = k >= 6 && k < 12 ? 1 : 0;  // filter, strides, dilations
    if (v[k] < least || v[k] > (int64_t{1} << 31)) args.Fail(i, "sizes of a pooling");
  }
  return {v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13]};
}

template <class T>
Napi::Value RunMaxPool(const Args& args) {
  PoolShape shape = ShapeOf(args, 1);
  const T* x = args.Data<T>(0, shape.InputSize());
  Output<T> y(shape.OutputSize());
  MaxPool(shape, x, y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunMaxPoolGrad(const Args& args) {
  PoolShape shape = ShapeOf(args, 2);
  const T* dy = args.Data<T>(0, shape.OutputSize());
  const T* x = args.Data<T>(1, shape.InputSize());
  Output<T> dx(shape.InputSize());
  MaxPoolGrad(shape, dy, x, dx.data());
  return Return(args, dx);
}

/// MaxPool(x, sizes) -> y, held as x is
Napi::Value BoundMaxPool(const Napi::CallbackInfo& info) {
  Args args(info, "MaxPool");
  return args.IsBfloat16(0) ? RunMaxPool<BFloat16>(args) : RunMaxPool<float>(args);
}

/// MaxPoolGrad(dy, x, sizes) -> dx, held as x is
Napi::Value BoundMaxPoolGrad(const Napi::CallbackInfo& info) {
  Args args(info, "MaxPoolGrad");
  return args.IsBfloat16(1) ? RunMaxPoolGrad<BFloat16>(args) : RunMaxPoolGrad<float>(args);
}

/// AvgPool(x, sizes) -> y
Napi::Value BoundAvgPool(const Napi::CallbackInfo& info) {
  Args args(info, "AvgPool");
  PoolShape shape = ShapeOf(args, 1);
  const float* x = args.Data<float>(0, shape.InputSize());
  Output<float> y(shape.OutputSize());
  AvgPool(shape, x, y.data());
  return Return(args, y);
}

/// AvgPoolGrad(dy, sizes) -> dx
Napi::Value BoundAvgPoolGrad(const Napi::CallbackInfo& info) {
  Args args(info, "AvgPoolGrad");
  PoolShape shape = ShapeOf(args, 1);
  const float* dy = args.Data<float>(0, shape.OutputSize());
  Output<float> dx(shape.InputSize());
  AvgPoolGrad(shape, dy, dx.data());
  return Return(args, dx);
}

}  // namespace

void BindPooling(Napi::Object kernels) {
  Export(kernels, "MaxPool", BoundMaxPool);
  Export(kernels, "MaxPoolGrad", BoundMaxPoolGrad);
  Export(kernels, "AvgPool", BoundAvgPool);
  Export(kernels, "AvgPoolGrad", BoundAvgPoolGrad);
}

}  // namespace simclr
