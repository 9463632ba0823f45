// Gradients of filters from bfloat16 by AVX512-BF16, whose instruction multiplies two pairs of bfloat16 and adds both
// products to a float: pixels next to each other are the pairs. For strides, where oneDNN's takes 1.3 to 2.3 times as long.
#pragma once

#include "kernels/convolution.h"

namespace simclr {

/// Whether these sizes are worth it and this processor can do it.
bool PairsApply(const ConvShape& shape);
void PairsBackpropFilter(const ConvShape& shape, const BFloat16* x, const BFloat16* dy, float* dfilter);

namespace pairs {

/// Of two pixels of a line, the first in the lower half.
using Pair = uint32_t;

/// What the pixels of a line of outputs look at.
struct Line {
  int64_t width, channels;       // of the image
  int64_t filterWidth, stride, padLeft;
  int64_t outWidth;
  int64_t Pairs() const { return (outWidth + 1) / 2; }
  /// Inputs of one output: filterWidth pixels.
  int64_t Inputs() const { return filterWidth * channels; }
};

/// A line of the image -> [pairs of outputs, inputs], zeros beside the image. Channels are a multiple of 16.
void PackInputs(const Line& line, const BFloat16* pixels, Pair* out);
/// A line of output gradients -> [panels, pairs, panelWidth]; panels are `step` pairs apart. Channels are a multiple of it.
void PackGradients(const BFloat16* pixels, int64_t outWidth, int64_t channels, int64_t panelWidth, int64_t step,
                   Pair* out);
/// sums (inputs x width, rows `stride` apart) = or += over `count` lines of pairs of `a`, which begin at a + offsets[i], and of
/// `b`, one after the other.
void Multiply(const Pair* a, const int64_t* offsets, int64_t count, int64_t pairs, int64_t inputs, const Pair* b,
              int64_t width, float* sums, int64_t stride, bool add);

}  // namespace pairs
}  // namespace simclr
