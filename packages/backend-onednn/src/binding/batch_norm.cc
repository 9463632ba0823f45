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

/// SimclrBatchNorm(x, gamma, beta, residual | null, sizes, epsilon, relu) -> [y, mean, variance]
Napi::Value BoundBatchNorm(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNorm");
  BatchNormShape shape = ShapeOf(args, 4);
  const float* x = args.Data<float>(0, shape.Size());
  const float* gamma = args.Data<float>(1, shape.channels);
  const float* beta = args.Data<float>(2, shape.channels);
  const float* residual = args.OptionalData<float>(3, shape.Size());
  Output<float> y(shape.Size()), mean(shape.channels), variance(shape.channels);
  BatchStatistics(shape, x, mean.data(), variance.data());
  BatchNormApply(shape, x, gamma, beta, mean.data(), variance.data(), residual, y.data());
  return ReturnAll(args, y, mean, variance);
}

/// SimclrBatchNormInference(x, gamma, beta, residual | null, sizes, epsilon, relu, mean, variance) -> y
Napi::Value BoundBatchNormInference(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNormInference");
  BatchNormShape shape = ShapeOf(args, 4);
  const float* x = args.Data<float>(0, shape.Size());
  const float* gamma = args.Data<float>(1, shape.channels);
  const float* beta = args.Data<float>(2, shape.channels);
  const float* residual = args.OptionalData<float>(3, shape.Size());
  const float* mean = args.Data<float>(7, shape.channels);
  const float* variance = args.Data<float>(8, shape.channels);
  Output<float> y(shape.Size());
  BatchNormApply(shape, x, gamma, beta, mean, variance, residual, y.data());
  return Return(args, y);
}

/// SimclrBatchNormGrad(dy, x, y, gamma, sizes, epsilon, relu, mean, variance, residual) -> [dx, dgamma, dbeta(, dresidual)]
Napi::Value BoundBatchNormGrad(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrBatchNormGrad");
  BatchNormShape shape = ShapeOf(args, 4);
  const float* dy = args.Data<float>(0, shape.Size());
  const float* x = args.Data<float>(1, shape.Size());
  const float* y = args.Data<float>(2, shape.Size());
  const float* gamma = args.Data<float>(3, shape.channels);
  const float* mean = args.Data<float>(7, shape.channels);
  const float* variance = args.Data<float>(8, shape.channels);
  Output<float> dx(shape.Size()), dgamma(shape.channels), dbeta(shape.channels);
  if (!args.Flag(9)) {
    BatchNormGrad(shape, dy, x, y, gamma, mean, variance, dx.data(), dgamma.data(), dbeta.data(), nullptr);
    return ReturnAll(args, dx, dgamma, dbeta);
  }
  Output<float> dresidual(shape.Size());
  BatchNormGrad(shape, dy, x, y, gamma, mean, variance, dx.data(), dgamma.data(), dbeta.data(), dresidual.data());
  return ReturnAll(args, dx, dgamma, dbeta, dresidual);
}

}  // namespace

void BindBatchNorm(Napi::Object kernels) {
  Export(kernels, "SimclrBatchNorm", BoundBatchNorm);
  Export(kernels, "SimclrBatchNormInference", BoundBatchNormInference);
  Export(kernels, "SimclrBatchNormGrad", BoundBatchNormGrad);
}

}  // namespace simclr
