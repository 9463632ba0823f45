// One function per file of src/binding; each adds its kernels to the addon's `kernels`, memory.cc to its exports.
#pragma once

#include <napi.h>

namespace simclr {

void BindMemory(Napi::Object exports);
void BindConvolution(Napi::Object kernels);

}  // namespace simclr
