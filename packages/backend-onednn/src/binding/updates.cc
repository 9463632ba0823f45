#include "kernels/updates.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

struct Operands {
  int64_t count;
  const float *param, *grad, *velocity;
};

Operands OperandsOf(const Args& args) {
  int64_t count = args.Int(3);
  return {count, args.Data<float>(0, count), args.Data<float>(1, count), args.Data<float>(2, count)};
}

UpdateOptions OptionsOf(const Args& args) { return {args.Number(4), args.Number(5), args.Number(6), args.Flag(7)}; }

/// SimclrLarsUpdate(param, grad, velocity, count, lr, momentum, weightDecay, nesterov, trustCoefficient, adapt)
///   -> [param, velocity]
Napi::Value BoundLarsUpdate(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrLarsUpdate");
  Operands in = OperandsOf(args);
  Output<float> param(in.count), velocity(in.count);
  LarsUpdate(OptionsOf(args), args.Number(8), args.Flag(9), in.count, in.param, in.grad, in.velocity, param.data(),
             velocity.data());
  return ReturnAll(args, param, velocity);
}

/// SimclrMomentumUpdate(param, grad, velocity, count, lr, momentum, weightDecay, nesterov) -> [param, velocity]
Napi::Value BoundMomentumUpdate(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrMomentumUpdate");
  Operands in = OperandsOf(args);
  Output<float> param(in.count), velocity(in.count);
  MomentumUpdate(OptionsOf(args), in.count, in.param, in.grad, in.velocity, param.data(), velocity.data());
  return ReturnAll(args, param, velocity);
}

/// SimclrAdamWUpdate(param, grad, firstMoment, secondMoment, count, lr, beta1, beta2, epsilon, weightDecay, update)
///   -> [param, firstMoment, secondMoment]
Napi::Value BoundAdamWUpdate(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrAdamWUpdate");
  int64_t count = args.Int(4);
  AdamWOptions options{args.Number(5), args.Number(6), args.Number(7), args.Number(8), args.Number(9), args.Number(10)};
  Output<float> param(count), firstMoment(count), secondMoment(count);
  AdamWUpdate(options, count, args.Data<float>(0, count), args.Data<float>(1, count), args.Data<float>(2, count),
              args.Data<float>(3, count), param.data(), firstMoment.data(), secondMoment.data());
  return ReturnAll(args, param, firstMoment, secondMoment);
}

}  // namespace

void BindUpdates(Napi::Object kernels) {
  Export(kernels, "SimclrLarsUpdate", BoundLarsUpdate);
  Export(kernels, "SimclrMomentumUpdate", BoundMomentumUpdate);
  Export(kernels, "SimclrAdamWUpdate", BoundAdamWUpdate);
}

}  // namespace simclr
