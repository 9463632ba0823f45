// 3x3 convolutions of stride 1 from 16 channels to 16, in bfloat16 by AVX512-BF16: too few channels for Winograd's method, and for
// oneDNN's loops, which load a vector of weights, or of inputs, for every product or two. Here one is used for three: the taps of a line.
#pragma once

#include "kernels/convolution.h"
#include "kernels/pairs.h"

namespace simclr {

/// Whether these sizes are worth it and this processor can do it.
bool NarrowApplies(const ConvShape& shape);
void NarrowConv2D(const ConvShape& shape, const BFloat16* x, const float* filter, const float* bias, BFloat16* y);
void NarrowBackpropInput(const ConvShape& shape, const BFloat16* dy, const float* filter, BFloat16* dx);
void NarrowBackpropFilter(const ConvShape& shape, const BFloat16* x, const BFloat16* dy, float* dfilter);

namespace narrow {

constexpr int64_t kChannels = 16;
constexpr int64_t kTaps = 3;
/// Outputs of a line that are computed at a time.
constexpr int64_t kPixels = 16;

using pairs::Pair;  // here of two pixels or of two channels
/// Of the filter: [lines, pairs of input channels, taps, output channels].
constexpr int64_t kFilterPairs = kTaps * (kChannels / 2) * kTaps * kChannels;
/// Of a filter's gradient: [lines, taps, output channels, input channels].
constexpr int64_t kSums = kTaps * kTaps * kChannels * kChannels;

/// `width` outputs of a line. `lines` are the three that it looks at, of kPixels + 2 pixels or more, zeros beside the image; up
/// to the next multiple of kPixels outputs are computed, and the rest of them dropped.
void ConvolveLine(const BFloat16* const* lines, const Pair* filter, const float* bias, int64_t width, BFloat16* y);
/// Adds to `sums` the products of `count` lines of output gradients, each of `pairs` pairs of pixels (PackGradients of pairs.h), with
/// the lines that they look at: line k with inputs + k * stride and the two behind it.
void AddProducts(const BFloat16* inputs, int64_t stride, const Pair* gradients, int64_t count, int64_t pairs, float* sums);

}  // namespace narrow
}  // namespace simclr
