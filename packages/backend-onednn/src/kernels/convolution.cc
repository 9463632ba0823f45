#include "kernels/convolution.h"

#include <algorithm>

#include "kernels/winograd.h"
#include "runtime/onednn_api.h"
#include "runtime/parallel.h"

namespace simclr {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
using Type = memory::data_type;

enum Kind : int64_t { kForward = 1, kForwardBias, kBackpropInput, kBackpropFilter };

/// The padding after the last row that makes oneDNN's size formula give `out`.
int64_t PadAfter(int64_t in, int64_t filter, int64_t out, int64_t stride, int64_t dilation, int64_t before) {
  return std::max<int64_t>(0, (out - 1) * stride + (filter - 1) * dilation + 1 - in - before);
}

struct Descs {
  memory::dims strides, dilations, padBefore, padAfter;
  memory::desc x, filter, bias, y;                    // as we hold them
  memory::desc xWanted, filterWanted, yWanted;        // as the primitive may choose them
  Type computeType;
};

Descs Describe(const ConvShape& s, Precision precision) {
  Descs d;
  d.strides = {s.strideHeight, s.strideWidth};
  d.dilations = {s.dilationHeight - 1, s.dilationWidth - 1};
  d.padBefore = {s.padTop, s.padLeft};
  d.padAfter = {PadAfter(s.height, s.filterHeight, s.outHeight, s.strideHeight, s.dilationHeight, s.padTop),
                PadAfter(s.width, s.filterWidth, s.outWidth, s.strideWidth, s.dilationWidth, s.padLeft)};
  memory::dims x{s.batch, s.channels, s.height, s.width};
  memory::dims filter{s.outChannels, s.channels, s.filterHeight, s.filterWidth};
  memory::dims y{s.batch, s.outChannels, s.outHeight, s.outWidth};
  d.computeType = precision == Precision::kBfloat16 ? Type::bf16 : Type::f32;
  d.x = memory::desc(x, Type::f32, Tag::nhwc);
  d.filter = memory::desc(filter, Type::f32, Tag::hwio);
  d.bias = memory::desc({s.outChannels}, Type::f32, Tag::x);
  d.y = memory::desc(y, Type::f32, Tag::nhwc);
  d.xWanted = memory::desc(x, d.computeType, Tag::nhwc);
  // Filters in plain HWIO would fall to the slow gemm path, so oneDNN chooses their layout.
  d.filterWanted = memory::desc(filter, d.computeType, Tag::any);
  d.yWanted = memory::desc(y, d.computeType, Tag::nhwc);
  return d;
}

Key KeyOf(Kind kind, Precision precision, const ConvShape& s) {
  return {kind,           static_cast<int64_t>(precision), s.batch,          s.height,
          s.width,        s.channels,                      s.filterHeight,   s.filterWidth,
          s.outChannels,  s.outHeight,                     s.outWidth,       s.strideHeight,
          s.strideWidth,  s.dilationHeight,                s.dilationWidth,  s.padTop,
          s.padLeft};
}

dnnl::convolution_forward::primitive_desc ForwardDesc(const Descs& d, const memory::desc& filter, bool bias) {
  using Forward = dnnl::convolution_forward;
  auto prop = dnnl::prop_kind::forward_training;
  auto algorithm = dnnl::algorithm::convolution_direct;
  // Results are float32 also where operands are bfloat16.
  return bias ? Prepare<Forward>(prop, algorithm, d.xWanted, filter, d.bias, d.y, d.strides, d.dilations, d.padBefore,
                                 d.padAfter)
              : Prepare<Forward>(prop, algorithm, d.xWanted, filter, d.y, d.strides, d.dilations, d.padBefore,
                                 d.padAfter);
}

Operation MakeForward(const ConvShape& shape, Precision precision, bool bias) {
  Descs d = Describe(shape, precision);
  auto pd = ForwardDesc(d, d.filterWanted, bias);
  std::vector<Operand> operands{{DNNL_ARG_SRC, d.x, pd.src_desc(), false},
                                {DNNL_ARG_WEIGHTS, d.filter, pd.weights_desc(), false},
                                {DNNL_ARG_DST, d.y, pd.dst_desc(), true}};
  if (bias) operands.push_back({DNNL_ARG_BIAS, d.bias, pd.bias_desc(), false});
  return Operation(dnnl::convolution_forward(pd), pd.scratchpad_desc(), operands);
}

Operation MakeBackpropInput(const ConvShape& shape, Precision precision) {
  Descs d = Describe(shape, precision);
  auto pd = PrepareGradient<dnnl::convolution_backward_data>(
      ForwardDesc(d, d.filterWanted, false), dnnl::algorithm::convolution_direct, d.x, d.filterWanted, d.yWanted,
      d.strides, d.dilations, d.padBefore, d.padAfter);
  return Operation(dnnl::convolution_backward_data(pd), pd.scratchpad_desc(),
                   {{DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc(), false},
                    {DNNL_ARG_WEIGHTS, d.filter, pd.weights_desc(), false},
                    {DNNL_ARG_DIFF_SRC, d.x, pd.diff_src_desc(), true}});
}

Operation MakeBackpropFilter(const ConvShape& shape, Precision precision) {
  Descs d = Describe(shape, precision);
  memory::desc gradient(DimsOf(d.filter), Type::f32, Tag::any);
  auto pd = PrepareGradient<dnnl::convolution_backward_weights>(
      ForwardDesc(d, d.filterWanted, false), dnnl::algorithm::convolution_direct, d.xWanted, gradient, d.yWanted,
      d.strides, d.dilations, d.padBefore, d.padAfter);
  return Operation(dnnl::convolution_backward_weights(pd), pd.scratchpad_desc(),
                   {{DNNL_ARG_SRC, d.x, pd.src_desc(), false},
                    {DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc(), false},
                    {DNNL_ARG_DIFF_WEIGHTS, d.filter, pd.diff_weights_desc(), true}});
}

void* Mutable(const float* data) { return const_cast<float*>(data); }

}  // namespace

Precision ChoosePrecision(bool bfloat16) {
  return bfloat16 && kIsa == Isa::kAvx512 ? Precision::kBfloat16 : Precision::kFloat32;
}

void Conv2D(const ConvShape& shape, Precision precision, const float* x, const float* filter, const float* bias,
            float* y) {
  if (shape.OutputSize() == 0) return;
  if (precision == Precision::kFloat32 && WinogradApplies(shape)) return WinogradConv2D(shape, x, filter, bias, y);
  auto operation = Cached(KeyOf(bias ? kForwardBias : kForward, precision, shape),
                          [&] { return MakeForward(shape, precision, bias != nullptr); });
  std::vector<void*> data{Mutable(x), Mutable(filter), y};
  if (bias) data.push_back(Mutable(bias));
  operation->Run(data);
}

void Conv2DBackpropInput(const ConvShape& shape, Precision precision, const float* dy, const float* filter, float* dx) {
  if (shape.OutputSize() == 0) return std::fill_n(dx, shape.InputSize(), 0.0f), void();
  if (precision == Precision::kFloat32 && WinogradApplies(shape)) return WinogradBackpropInput(shape, dy, filter, dx);
  auto operation =
      Cached(KeyOf(kBackpropInput, precision, shape), [&] { return MakeBackpropInput(shape, precision); });
  operation->Run({Mutable(dy), Mutable(filter), dx});
}

void Conv2DBackpropFilter(const ConvShape& shape, Precision precision, const float* x, const float* dy,
                          float* dfilter) {
  if (shape.OutputSize() == 0) return std::fill_n(dfilter, shape.FilterSize(), 0.0f), void();
  if (precision == Precision::kFloat32 && WinogradApplies(shape)) return WinogradBackpropFilter(shape, x, dy, dfilter);
  auto operation =
      Cached(KeyOf(kBackpropFilter, precision, shape), [&] { return MakeBackpropFilter(shape, precision); });
  operation->Run({Mutable(x), Mutable(dy), dfilter});
}

}  // namespace simclr
