#include "binding/bindings.h"
#include "runtime/buffers.h"
#include "runtime/parallel.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  simclr::LimitOnednn();
  // A worker thread that ends runs no JavaScript any more, so its tensors would stay for ever.
  env.AddCleanupHook([] { simclr::Buffers::Get().FreeOwned(); });
  exports.Set("sources", SIMCLR_SOURCES);
  simclr::BindMemory(exports);
  Napi::Object kernels = Napi::Object::New(env);
  exports.Set("kernels", kernels);
  simclr::BindConvolution(kernels);
  simclr::BindDepthwise(kernels);
  simclr::BindPooling(kernels);
  simclr::BindMatMul(kernels);
  simclr::BindBatchNorm(kernels);
  simclr::BindUpdates(kernels);
  simclr::BindLosses(kernels);
  simclr::BindImages(kernels);
  simclr::BindElementWise(kernels);
  simclr::BindReduce(kernels);
  simclr::BindShape(kernels);
  simclr::BindResize(kernels);
  return exports;
}

NODE_API_MODULE(simclr_onednn, Init)
