// One function per file of src/binding; each adds its kernels to the addon's `kernels`, memory.cc to its exports.
#pragma once

#include <napi.h>

namespace simclr {

void BindMemory(Napi::Object exports);
void BindConvolution(Napi::Object kernels);
void BindDepthwise(Napi::Object kernels);
void BindPooling(Napi::Object kernels);
void BindMatMul(Napi::Object kernels);
void BindBatchNorm(Napi::Object kernels);
void BindUpdates(Napi::Object kernels);
void BindLosses(Napi::Object kernels);
void BindImages(Napi::Object kernels);
void BindElementWise(Napi::Object kernels);
void BindReduce(Napi::Object kernels);
void BindShape(Napi::Object kernels);
void BindResize(Napi::Object kernels);

}  // namespace simclr
