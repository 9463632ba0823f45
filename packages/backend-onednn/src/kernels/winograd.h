// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3): a quarter of the multiplications of the
// direct method, for sums that differ from it by a few float32 roundings. AVX2 or AVX-512; see WinogradApplies.
// Lavin and Gray 2015, arXiv:1509.09308.
#pragma once

#include "kernels/convolution.h"

namespace simclr {

/// Whether these sizes are worth it and this processor can do it.
bool WinogradApplies(const ConvShape& shape);
/// Switches it off (then WinogradApplies is always false) or on again.
void EnableWinograd(bool enabled);

void WinogradConv2D(const ConvShape& shape, const float* x, const float* filter, const float* bias, float* y);
void WinogradBackpropInput(const ConvShape& shape, const float* dy, const float* filter, float* dx);
void WinogradBackpropFilter(const ConvShape& shape, const float* x, const float* dy, float* dfilter);

}  // namespace simclr
