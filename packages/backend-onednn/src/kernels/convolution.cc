#include "kernels/convolution.h"

#include <algorithm>
#include <type_traits>

#include "kernels/narrow.h"
#include "kernels/pairs.h"
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
  memory::desc x, filter, bias, y;  // as we hold them
  memory::desc filterWanted;        // as the primitive may choose it
};

/// `type` is that of the activations.
Descs Describe(const ConvShape& s, Type type) {
  Descs d;
  d.strides = {s.strideHeight, s.strideWidth};
  d.dilations = {s.dilationHeight - 1, s.dilationWidth - 1};
  d.padBefore = {s.padTop, s.padLeft};
  d.padAfter = {PadAfter(s.height, s.filterHeight, s.outHeight, s.strideHeight, s.dilationHeight, s.padTop),
                PadAfter(s.width, s.filterWidth, s.outWidth, s.strideWidth, s.dilationWidth, s.padLeft)};
  memory::dims x{s.batch, s.channels, s.height, s.width};
  memory::dims filter{s.outChannels, s.channels, s.filterHeight, s.filterWidth};
  memory::dims y{s.batch, s.outChannels, s.outHeight, s.outWidth};
  d.x = memory::desc(x, type, Tag::nhwc);
  d.filter = memory::desc(filter, Type::f32, Tag::hwio);
  d.bias = memory::desc({s.outChannels}, Type::f32, Tag::x);
  d.y = memory::desc(y, type, Tag::nhwc);
  // Filters in plain HWIO would fall to the slow gemm path, so oneDNN chooses their layout.
  d.filterWanted = memory::desc(filter, type, Tag::any);
  return d;
}

Key KeyOf(Kind kind, Type type, const ConvShape& s) {
  return {kind,          static_cast<int64_t>(type), s.batch,         s.height,
          s.width,       s.channels,                 s.filterHeight,  s.filterWidth,
          s.outChannels, s.outHeight,                s.outWidth,      s.strideHeight,
          s.strideWidth, s.dilationHeight,           s.dilationWidth, s.padTop,
          s.padLeft};
}

dnnl::convolution_forward::primitive_desc ForwardDesc(const Descs& d, const memory::desc& filter, bool bias) {
  using Forward = dnnl::convolution_forward;
  auto prop = dnnl::prop_kind::forward_training;
  auto algorithm = dnnl::algorithm::convolution_direct;
  return bias ? Prepare<Forward>(prop, algorithm, d.x, filter, d.bias, d.y, d.strides, d.dilations, d.padBefore,
                                 d.padAfter)
              : Prepare<Forward>(prop, algorithm, d.x, filter, d.y, d.strides, d.dilations, d.padBefore,
                                 d.padAfter);
}

Operation MakeForward(const ConvShape& shape, Type type, bool bias) {
  Descs d = Describe(shape, type);
  auto pd = ForwardDesc(d, d.filterWanted, bias);
  std::vector<Operand> operands{{DNNL_ARG_SRC, d.x, pd.src_desc(), false},
                                {DNNL_ARG_WEIGHTS, d.filter, pd.weights_desc(), false},
                                {DNNL_ARG_DST, d.y, pd.dst_desc(), true}};
  if (bias) operands.push_back({DNNL_ARG_BIAS, d.bias, pd.bias_desc(), false});
  return Operation(dnnl::convolution_forward(pd), pd.scratchpad_desc(), operands);
}

Operation MakeBackpropInput(const ConvShape& shape, Type type) {
  Descs d = Describe(shape, type);
  auto pd = PrepareGradient<dnnl::convolution_backward_data>(
      ForwardDesc(d, d.filterWanted, false), dnnl::algorithm::convolution_direct, d.x, d.filterWanted, d.y,
      d.strides, d.dilations, d.padBefore, d.padAfter);
  return Operation(dnnl::convolution_backward_data(pd), pd.scratchpad_desc(),
                   {{DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc(), false},
                    {DNNL_ARG_WEIGHTS, d.filter, pd.weights_desc(), false},
                    {DNNL_ARG_DIFF_SRC, d.x, pd.diff_src_desc(), true}});
}

Operation MakeBackpropFilter(const ConvShape& shape, Type type) {
  Descs d = Describe(shape, type);
  memory::desc gradient(DimsOf(d.filter), Type::f32, Tag::any);
  auto pd = PrepareGradient<dnnl::convolution_backward_weights>(
      ForwardDesc(d, d.filterWanted, false), dnnl::algorithm::convolution_direct, d.x, gradient, d.y,
      d.strides, d.dilations, d.padBefore, d.padAfter);
  return Operation(dnnl::convolution_backward_weights(pd), pd.scratchpad_desc(),
                   {{DNNL_ARG_SRC, d.x, pd.src_desc(), false},
                    {DNNL_ARG_DIFF_DST, d.y, pd.diff_dst_desc(), false},
                    {DNNL_ARG_DIFF_WEIGHTS, d.filter, pd.diff_weights_desc(), true}});
}

void* Mutable(const void* data) { return const_cast<void*>(data); }

void RunForward(const ConvShape& shape, Type type, const void* x, const float* filter, const float* bias, void* y) {
  auto operation = Cached(KeyOf(bias ? kForwardBias : kForward, type, shape),
                          [&] { return MakeForward(shape, type, bias != nullptr); });
  std::vector<void*> data{Mutable(x), Mutable(filter), y};
  if (bias) data.push_back(Mutable(bias));
  operation->Run(data);
}

void RunBackpropInput(const ConvShape& shape, Type type, const void* dy, const float* filter, void* dx) {
  auto operation = Cached(KeyOf(kBackpropInput, type, shape), [&] { return MakeBackpropInput(shape, type); });
  operation->Run({Mutable(dy), Mutable(filter), dx});
}

void RunBackpropFilter(const ConvShape& shape, Type type, const void* x, const void* dy, float* dfilter) {
  auto operation = Cached(KeyOf(kBackpropFilter, type, shape), [&] { return MakeBackpropFilter(shape, type); });
  operation->Run({Mutable(x), Mutable(dy), dfilter});
}

Scratch<float> Widened(const BFloat16* x, int64_t count) {
  Scratch<float> wide(static_cast<size_t>(count));
  Convert(x, count, wide.data());
  return wide;
}

Scratch<float> Rounded(const float* x, int64_t count) {
  Scratch<float> rounded(static_cast<size_t>(count));
  RoundToBFloat16(x, count, rounded.data());
  return rounded;
}

/// Whether every output looks at one pixel, and some pixels are looked at by none. Below AVX-512 oneDNN 2.6 has races here:
/// with few channels and several threads some gradients of filters were wrong, so the pixels are picked first.
bool PicksPixels(const ConvShape& s) {
  bool picks = s.filterHeight == 1 && s.filterWidth == 1 && (s.strideHeight > 1 || s.strideWidth > 1);
  return picks && s.padTop == 0 && s.padLeft == 0 && kIsa != Isa::kAvx512;
}

/// The same convolution of the picked pixels alone.
ConvShape OfPicked(const ConvShape& s) {
  ConvShape picked = s;
  picked.height = s.outHeight;
  picked.width = s.outWidth;
  picked.strideHeight = picked.strideWidth = 1;
  picked.dilationHeight = picked.dilationWidth = 1;
  return picked;
}

/// Calls f(pixel of the image, picked pixel), as offsets, for rows [begin, end) of all picked images. Pixels beyond the
/// image, where padding behind it is looked at, are -1.
template <class F>
SIMCLR_INLINE inline void ForPicked(const ConvShape& s, int64_t begin, int64_t end, const F& f) {
  for (int64_t row = begin; row < end; ++row) {
    int64_t n = row / s.outHeight, y = row % s.outHeight * s.strideHeight;
    for (int64_t column = 0; column < s.outWidth; ++column) {
      int64_t x = column * s.strideWidth;
      bool inside = y < s.height && x < s.width;
      int64_t from = inside ? ((n * s.height + y) * s.width + x) * s.channels : -1;
      f(from, (row * s.outWidth + column) * s.channels);
    }
  }
}

Scratch<float> Picked(const ConvShape& s, const float* x) {
  Scratch<float> picked(static_cast<size_t>(s.batch * s.outHeight * s.outWidth * s.channels));
  float* to = picked.data();
  ParallelFor(s.batch * s.outHeight, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    ForPicked(s, begin, end, [=](int64_t from, int64_t at) SIMCLR_INLINE {
      for (int64_t c = 0; c < s.channels; ++c) to[at + c] = from < 0 ? 0 : x[from + c];
    });
  });
  return picked;
}

void PutBack(const ConvShape& s, const float* picked, float* dx) {
  ParallelFor(s.batch, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    std::fill_n(dx + begin * s.height * s.width * s.channels, (end - begin) * s.height * s.width * s.channels, 0.0f);
    ForPicked(s, begin * s.outHeight, end * s.outHeight, [=](int64_t to, int64_t at) SIMCLR_INLINE {
      for (int64_t c = 0; to >= 0 && c < s.channels; ++c) dx[to + c] = picked[at + c];
    });
  });
}

/// Whether Winograd's method is the fastest for activations of type T. With fewer channels its transforms take more time than
/// they save; oneDNN's products of bfloat16 are twice as fast as ours of float32, which moves that border.
template <class T>
bool WinogradSuits(const ConvShape& shape) {
  bool direct = std::is_same_v<T, BFloat16> && MultipliesBfloat16();
  return WinogradApplies(shape, direct ? 32 : 16);
}

}  // namespace

void Conv2D(const ConvShape& shape, const float* x, const float* filter, const float* bias, float* y) {
  if (shape.OutputSize() == 0) return;
  if (PicksPixels(shape)) return Conv2D(OfPicked(shape), Picked(shape, x).data(), filter, bias, y);
  if (WinogradSuits<float>(shape)) return WinogradConv2D(shape, x, filter, bias, y);
  RunForward(shape, Type::f32, x, filter, bias, y);
}

void Conv2D(const ConvShape& shape, const BFloat16* x, const float* filter, const float* bias, BFloat16* y) {
  if (shape.OutputSize() == 0) return;
  if (NarrowApplies(shape)) return NarrowConv2D(shape, x, filter, bias, y);
  if (WinogradSuits<BFloat16>(shape)) return WinogradConv2D(shape, x, filter, bias, y);
  if (MultipliesBfloat16()) return RunForward(shape, Type::bf16, x, filter, bias, y);
  Scratch<float> wide(static_cast<size_t>(shape.OutputSize()));
  Conv2D(shape, Widened(x, shape.InputSize()).data(), Rounded(filter, shape.FilterSize()).data(), bias, wide.data());
  Convert(wide.data(), shape.OutputSize(), y);
}

void Conv2DBackpropInput(const ConvShape& shape, const float* dy, const float* filter, float* dx) {
  if (shape.OutputSize() == 0) return std::fill_n(dx, shape.InputSize(), 0.0f), void();
  if (PicksPixels(shape)) {
    ConvShape picked = OfPicked(shape);
    Scratch<float> gradient(static_cast<size_t>(picked.InputSize()));
    Conv2DBackpropInput(picked, dy, filter, gradient.data());
    return PutBack(shape, gradient.data(), dx);
  }
  if (WinogradSuits<float>(shape)) return WinogradBackpropInput(shape, dy, filter, dx);
  RunBackpropInput(shape, Type::f32, dy, filter, dx);
}

void Conv2DBackpropInput(const ConvShape& shape, const BFloat16* dy, const float* filter, BFloat16* dx) {
  if (shape.OutputSize() == 0) return std::fill_n(dx, shape.InputSize(), BFloat16{0}), void();
  if (NarrowApplies(shape)) return NarrowBackpropInput(shape, dy, filter, dx);
  if (WinogradSuits<BFloat16>(shape)) return WinogradBackpropInput(shape, dy, filter, dx);
  if (MultipliesBfloat16()) return RunBackpropInput(shape, Type::bf16, dy, filter, dx);
  Scratch<float> wide(static_cast<size_t>(shape.InputSize()));
  Conv2DBackpropInput(shape, Widened(dy, shape.OutputSize()).data(), Rounded(filter, shape.FilterSize()).data(),
                      wide.data());
  Convert(wide.data(), shape.InputSize(), dx);
}

void Conv2DBackpropFilter(const ConvShape& shape, const float* x, const float* dy, float* dfilter) {
  if (shape.OutputSize() == 0) return std::fill_n(dfilter, shape.FilterSize(), 0.0f), void();
  if (PicksPixels(shape)) return Conv2DBackpropFilter(OfPicked(shape), Picked(shape, x).data(), dy, dfilter);
  if (WinogradSuits<float>(shape)) return WinogradBackpropFilter(shape, x, dy, dfilter);
  RunBackpropFilter(shape, Type::f32, x, dy, dfilter);
}

void Conv2DBackpropFilter(const ConvShape& shape, const BFloat16* x, const BFloat16* dy, float* dfilter) {
  if (shape.OutputSize() == 0) return std::fill_n(dfilter, shape.FilterSize(), 0.0f), void();
  if (NarrowApplies(shape)) return NarrowBackpropFilter(shape, x, dy, dfilter);
  if (PairsApply(shape)) return PairsBackpropFilter(shape, x, dy, dfilter);
  if (WinogradSuits<BFloat16>(shape)) return WinogradBackpropFilter(shape, x, dy, dfilter);
  if (MultipliesBfloat16()) return RunBackpropFilter(shape, Type::bf16, x, dy, dfilter);
  Conv2DBackpropFilter(shape, Widened(x, shape.InputSize()).data(), Widened(dy, shape.OutputSize()).data(), dfilter);
}

}  // namespace simclr
