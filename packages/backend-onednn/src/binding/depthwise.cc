#include "kernels/depthwise.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

/// The sizes of a convolution, in the order of ConvShape.
ConvShape ShapeOf(const Args& args, size_t i) {
  std::vector<int64_t> v = args.Ints(i, 15);
  for (size_t k = 0; k < v.size(); ++k) {
    int64_t least = k >= 9 && k < 13 ? 1 : 0;  // strides and dilations
    if (v[k] < least || v[k] >= (int64_t{1} << 31)) args.Fail(i, "sizes of a convolution");
  }
  ConvShape s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], v[13], v[14]};
  if (s.channels == 0 ? s.outChannels != 0 : s.outChannels % s.channels != 0) {
    args.Fail(i, "sizes whose output channels are a multiple of the input's");
  }
  return s;
}

/// DepthwiseConv2D(x, filter, sizes) -> y
Napi::Value BoundForward(const Napi::CallbackInfo& info) {
  Args args(info, "DepthwiseConv2D");
  ConvShape shape = ShapeOf(args, 2);
  const float* x = args.Data<float>(0, shape.InputSize());
  const float* filter = args.Data<float>(1, DepthwiseFilterSize(shape));
  Output<float> y(shape.OutputSize());
  DepthwiseConv2D(shape, x, filter, y.data());
  return Return(args, y);
}

/// DepthwiseBackpropInput(dy, filter, sizes) -> dx
Napi::Value BoundBackpropInput(const Napi::CallbackInfo& info) {
  Args args(info, "DepthwiseBackpropInput");
  ConvShape shape = ShapeOf(args, 2);
  const float* dy = args.Data<float>(0, shape.OutputSize());
  const float* filter = args.Data<float>(1, DepthwiseFilterSize(shape));
  Output<float> dx(shape.InputSize());
  DepthwiseBackpropInput(shape, dy, filter, dx.data());
  return Return(args, dx);
}

/// DepthwiseBackpropFilter(x, dy, sizes) -> dfilter
Napi::Value BoundBackpropFilter(const Napi::CallbackInfo& info) {
  Args args(info, "DepthwiseBackpropFilter");
  ConvShape shape = ShapeOf(args, 2);
  const float* x = args.Data<float>(0, shape.InputSize());
  const float* dy = args.Data<float>(1, shape.OutputSize());
  Output<float> dfilter(DepthwiseFilterSize(shape));
  DepthwiseBackpropFilter(shape, x, dy, dfilter.data());
  return Return(args, dfilter);
}

}  // namespace

void BindDepthwise(Napi::Object kernels) {
  Export(kernels, "DepthwiseConv2D", BoundForward);
  Export(kernels, "DepthwiseBackpropInput", BoundBackpropInput);
  Export(kernels, "DepthwiseBackpropFilter", BoundBackpropFilter);
}

}  // namespace simclr
