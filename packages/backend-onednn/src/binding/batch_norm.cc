#include "kernels/batch_norm.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

/// [rows, channels], epsilon, relu as arguments i, i + 1, i + 2.
BatchNormShape ShapeOf(const Args& args, size_t i) {
  std::vector<int64_t> sizes = args.Ints(i, 2);
  if (sizes[0] < 0 || sizes[1] < 0) args.Fail(i, "sizes >= 0");
  return {sizes[0], sizes[1], static_cast<float>(args.Number(i + 1)), args.Flag(i + 2)};
}

/// T is what x is held in; so are y, the residual and their gradients.
template <class T>
Napi::Value RunBatchNorm(const Args& args) {
  BatchNormShape shape = ShapeOf(args, 4);
  const T* x = args.Data<T>(0, shape.Size());
  const float* gamma = args.Data<float>(1, shape.channels);
  const float* beta = args.Data<float>(2, shape.channels);
  const T* residual = args.OptionalData<T>(3, shape.Size());
  Output<T> y(shape.Size());
  Output<float> mean(shape.channels), variance(shape.channels);
  BatchStatistics(shape, x, mean.data(), variance.data());
  BatchNormApply(shape, x, gamma, beta, mean.data(), variance.data(), residual, y.data());
  return ReturnAll(args, y, mean, variance);
}

template <class T>
Napi::Value RunBatchNormInference(const Args& args) {
  BatchNormShape shape = ShapeOf(args, 4);
  const T* x = args.Data<T>(0, shape.Size());
  const float* gamma = args.Data<float>(1, shape.channels);
  const float* beta = args.Data<float>(2, shape.channels);
  const T* residual = args.OptionalData<T>(3, shape.Size());
  const float* mean = args.Data<float>(7, shape.channels);
  const float* variance = args.Data<float>(8, shape.channels);
  Output<T> y(shape.Size());
  BatchNormApply(shape, x, gamma, beta, mean, variance, residual, y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunBatchNormGrad(const Args& args) {
  BatchNormShape shape = ShapeOf(args, 4);
  const T* dy = args.Data<T>(0, shape.Size());
  const T* x = args.Data<T>(1, shape.Size());
  const T* y = args.Data<T>(2, shape.Size());
  const float* gamma = args.Data<float>(3, shape.channels);
  const float* mean = args.Data<float>(7, shape.channels);
  const float* variance = args.Data<float>(8, shape.channels);
  const float* beta = args.Data<float>(10, shape.channels);
  Output<T> dx(shape.Size());
  Output<float> dgamma(shape.channels), dbeta(shape.channels);
  auto run = [&](T* dresidual) {
    BatchNormGrad(shape, dy, x, y, gamma, beta, mean, variance, dx.data(), dgamma.data(), dbeta.data(), dresidual);
  };
  if (!args.Flag(9)) {
    run(nullptr);
    return ReturnAll(args, dx, dgamma, dbeta);
  }
  Output<T> dresidual(shape.Size());
  run(dresidual.data());
  return ReturnAll(args, dx, dgamma, dbeta, dresidual);
}

/// SimclrBatchNorm(x, gamma, beta, residual | null, sizes, epsilon, relu) -> [y, mean, variance]
Napi::Value BoundBatchNorm(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNorm");
  return args.IsBfloat16(0) ? RunBatchNorm<BFloat16>(args) : RunBatchNorm<float>(args);
}

/// SimclrBatchNormInference(x, gamma, beta, residual | null, sizes, epsilon, relu, mean, variance) -> y
Napi::Value BoundBatchNormInference(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNormInference");
  return args.IsBfloat16(0) ? RunBatchNormInference<BFloat16>(args) : RunBatchNormInference<float>(args);
}

/// SimclrBatchNormGrad(dy, x, y, gamma, sizes, epsilon, relu, mean, variance, residual, beta) -> [dx, dgamma, dbeta(, dresidual)]
Napi::Value BoundBatchNormGrad(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNormGrad");
  return args.IsBfloat16(1) ? RunBatchNormGrad<BFloat16>(args) : RunBatchNormGrad<float>(args);
}

}  // namespace

void BindBatchNorm(Napi::Object kernels) {
  Export(kernels, "SimclrBatchNorm", BoundBatchNorm);
  Export(kernels, "SimclrBatchNormInference", BoundBatchNormInference);
  Export(kernels, "SimclrBatchNormGrad", BoundBatchNormGrad);
}

}  // namespace simclr
