#include "binding/args.h"
#include "binding/bindings.h"
#include "kernels/cross_entropy.h"
#include "kernels/l2_normalize.h"

namespace simclr {
namespace {

/// SimclrL2Normalize(x, rows, width) -> y
Napi::Value BoundL2Normalize(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrL2Normalize");
  int64_t rows = args.Int(1), width = args.Int(2), count = Product({rows, width});
  const float* x = args.Data<float>(0, count);
  Output<float> y(count);
  L2Normalize(rows, width, x, y.data());
  return Return(args, y);
}

/// SimclrL2NormalizeGrad(x, dy, rows, width) -> dx
Napi::Value BoundL2NormalizeGrad(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrL2NormalizeGrad");
  int64_t rows = args.Int(2), width = args.Int(3), count = Product({rows, width});
  const float *x = args.Data<float>(0, count), *dy = args.Data<float>(1, count);
  Output<float> dx(count);
  L2NormalizeGrad(rows, width, x, dy, dx.data());
  return Return(args, dx);
}

/// SimclrSoftmaxCrossEntropy(logits, targets, weights, rows, width) -> loss
Napi::Value BoundCrossEntropy(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrSoftmaxCrossEntropy");
  int64_t rows = args.Int(3), width = args.Int(4), count = Product({rows, width});
  const float *logits = args.Data<float>(0, count), *targets = args.Data<float>(1, count);
  const float* weights = args.Data<float>(2, rows);
  Output<float> loss(1);
  loss.data()[0] = CrossEntropy(rows, width, logits, targets, weights);
  return Return(args, loss);
}

/// SimclrSoftmaxCrossEntropyGrad(dy, logits, targets, weights, rows, width) -> gradient of the logits
Napi::Value BoundCrossEntropyGrad(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrSoftmaxCrossEntropyGrad");
  int64_t rows = args.Int(4), width = args.Int(5), count = Product({rows, width});
  const float* dy = args.Data<float>(0, 1);
  const float *logits = args.Data<float>(1, count), *targets = args.Data<float>(2, count);
  const float* weights = args.Data<float>(3, rows);
  Output<float> gradient(count);
  CrossEntropyGrad(rows, width, dy[0], logits, targets, weights, gradient.data());
  return Return(args, gradient);
}

}  // namespace

void BindLosses(Napi::Object kernels) {
  Export(kernels, "SimclrL2Normalize", BoundL2Normalize);
  Export(kernels, "SimclrL2NormalizeGrad", BoundL2NormalizeGrad);
  Export(kernels, "SimclrSoftmaxCrossEntropy", BoundCrossEntropy);
  Export(kernels, "SimclrSoftmaxCrossEntropyGrad", BoundCrossEntropyGrad);
}

}  // namespace simclr
