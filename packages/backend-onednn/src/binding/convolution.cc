#include "kernels/convolution.h"

#include "binding/args.h"
#include "binding/bindings.h"
#include "kernels/winograd.h"

namespace simclr {
namespace {

ConvShape ShapeOf(const Args& args, size_t i) {
  std::vector<int64_t> v = args.Ints(i, 15);
  ConvShape s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14]};
  for (size_t k = 0; k < v.size(); ++k) {
    int64_t least = k >= 9 && k < 13 ? 1 : 0;  // strides and dilations
    if (v[k] < least || v[k] > (int64_t{1} << 31)) args.Fail(i, "sizes of a convolution");
  }
  return s;
}

/// T is float, or BFloat16 where activations are to be held as that.
template <class T>
Napi::Value RunConv2D(const Args& args) {
  ConvShape shape = ShapeOf(args, 3);
  const T* x = args.Data<T>(0, shape.InputSize());
  const float* filter = args.Data<float>(1, shape.FilterSize());
  const float* bias = args.OptionalData<float>(2, shape.outChannels);
  Output<T> y(shape.OutputSize());
  Conv2D(shape, x, filter, bias, y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunConv2DBackpropInput(const Args& args) {
  ConvShape shape = ShapeOf(args, 2);
  const T* dy = args.Data<T>(0, shape.OutputSize());
  const float* filter = args.Data<float>(1, shape.FilterSize());
  Output<T> dx(shape.InputSize());
  Conv2DBackpropInput(shape, dy, filter, dx.data());
  return Return(args, dx);
}

template <class T>
Napi::Value RunConv2DBackpropFilter(const Args& args) {
  ConvShape shape = ShapeOf(args, 2);
  const T* x = args.Data<T>(0, shape.InputSize());
  const T* dy = args.Data<T>(1, shape.OutputSize());
  Output<float> dfilter(shape.FilterSize());
  Conv2DBackpropFilter(shape, x, dy, dfilter.data());
  return Return(args, dfilter);
}

/// Conv2D(x, filter, bias | null, sizes, bfloat16) -> y
Napi::Value BoundConv2D(const Napi::CallbackInfo& info) {
  Args args(info, "Conv2D");
  return args.Flag(4) ? RunConv2D<BFloat16>(args) : RunConv2D<float>(args);
}

/// Conv2DBackpropInput(dy, filter, sizes, bfloat16) -> dx
Napi::Value BoundConv2DBackpropInput(const Napi::CallbackInfo& info) {
  Args args(info, "Conv2DBackpropInput");
  return args.Flag(3) ? RunConv2DBackpropInput<BFloat16>(args) : RunConv2DBackpropInput<float>(args);
}

/// Conv2DBackpropFilter(x, dy, sizes, bfloat16) -> dfilter
Napi::Value BoundConv2DBackpropFilter(const Napi::CallbackInfo& info) {
  Args args(info, "Conv2DBackpropFilter");
  return args.Flag(3) ? RunConv2DBackpropFilter<BFloat16>(args) : RunConv2DBackpropFilter<float>(args);
}

/// EnableWinograd(enabled); returns nothing.
Napi::Value BoundEnableWinograd(const Napi::CallbackInfo& info) {
  Args args(info, "EnableWinograd");
  EnableWinograd(args.Flag(0));
  return args.env().Undefined();
}

}  // namespace

void BindConvolution(Napi::Object kernels) {
  Export(kernels, "Conv2D", BoundConv2D);
  Export(kernels, "EnableWinograd", BoundEnableWinograd);
  Export(kernels, "Conv2DBackpropInput", BoundConv2DBackpropInput);
  Export(kernels, "Conv2DBackpropFilter", BoundConv2DBackpropFilter);
}

}  // namespace simclr
