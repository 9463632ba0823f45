// 3x3 convolutions of stride 1 by Winograd's minimal filtering F(4x4, 3x3): a quarter of the multiplications of the
// direct method, for sums that differ from it by a few float32 roundings. AVX2 or AVX-512; see WinogradApplies.
// Lavin and Gray 2015, arXiv:1509.09308.
#pragma once

#include "kernels/convolution.h"

namespace simclr {

/// Whether these sizes are worth it, from so many channels on both sides, and this processor can do it.
bool WinogradApplies(const ConvShape& shape, int64_t leastChannels);
/// Switches it off (then WinogradApplies is always false) or on again.
void EnableWinograd(bool enabled);

/// T is float or BFloat16, of which only the activations are: transforms and products are float32, and so is the filter.
template <class T>
void WinogradConv2D(const ConvShape& shape, const T* x, const float* filter, const float* bias, T* y);
template <class T>
void WinogradBackpropInput(const ConvShape& shape, const T* dy, const float* filter, T* dx);
template <class T>
void WinogradBackpropFilter(const ConvShape& shape, const T* x, const T* dy, float* dfilter);

}  // namespace simclr
