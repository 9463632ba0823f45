#include <cmath>

#include "binding/args.h"
#include "binding/bindings.h"
#include "kernels/binary.h"
#include "kernels/unary.h"

namespace simclr {
namespace {

/// Unary(x, count, parameter) -> y
template <class Op>
Napi::Value BoundUnary(const Napi::CallbackInfo& info) {
  Args args(info, "Unary");
  int64_t count = args.Int(1);
  const float* x = args.Data<float>(0, count);
  Output<float> y(count);
  Unary<Op>(x, static_cast<float>(args.Number(2)), count, y.data());
  return Return(args, y);
}

/// Relu(x, count, 0) -> y, held as x is.
Napi::Value BoundRelu(const Napi::CallbackInfo& info) {
  Args args(info, "Relu");
  if (!args.IsBfloat16(0)) return BoundUnary<ReluOp>(info);
  int64_t count = args.Int(1);
  const BFloat16* x = args.Data<BFloat16>(0, count);
  Output<BFloat16> y(count);
  Unary<ReluOp>(x, 0, count, y.data());
  return Return(args, y);
}

/// Predicate(x, count) -> y, a bool for each value
template <class Op, class T>
Napi::Value BoundPredicate(const Napi::CallbackInfo& info) {
  Args args(info, "Predicate");
  int64_t count = args.Int(1);
  const T* x = args.Data<T>(0, count);
  Output<uint8_t> y(count);
  Predicate<Op>(x, count, y.data());
  return Return(args, y);
}

/// ClipByValue(x, count, low, high) -> y
Napi::Value BoundClip(const Napi::CallbackInfo& info) {
  Args args(info, "ClipByValue");
  int64_t count = args.Int(1);
  const float* x = args.Data<float>(0, count);
  Output<float> y(count);
  Clip(x, static_cast<float>(args.Number(2)), static_cast<float>(args.Number(3)), count, y.data());
  return Return(args, y);
}

template <class Op, class T, class R>
Napi::Value RunBinary(const Args& args, const Broadcast<2>& plan, const std::vector<int64_t>& aShape,
                      const std::vector<int64_t>& bShape) {
  const T* a = args.Data<T>(0, Product(aShape));
  const T* b = args.Data<T>(1, Product(bShape));
  Output<R> y(plan.count);
  if (plan.count > 0) Binary<Op>(plan, a, b, y.data());
  return Return(args, y);
}

/// Whether all operands that are as large as the result are held as bfloat16; then so is the result.
bool StaysBfloat16(const Args& args, const Broadcast<2>& plan) {
  Buffers::View a = args.Held(0), b = args.Held(1);
  auto isSmall = [&](const Buffers::View& view) { return view.dtype == DType::kFloat32 && view.count < plan.count; };
  bool aHalf = a.dtype == DType::kBfloat16, bHalf = b.dtype == DType::kBfloat16;
  return (aHalf && (bHalf || isSmall(b))) || (bHalf && isSmall(a));
}

/// Binary(a, b, shape of a, shape of b) -> y; `Result` is void where the result has the operands' dtype.
template <class Op, class Result>
Napi::Value BoundBinary(const Napi::CallbackInfo& info) {
  Args args(info, "Binary");
  std::vector<int64_t> aShape = args.Shape(2), bShape = args.Shape(3);
  Broadcast<2> plan = PlanBroadcast<2>({aShape, bShape});
  constexpr bool kSame = std::is_void_v<Result>;
  if constexpr (kSame) {
    if (StaysBfloat16(args, plan)) return RunBinary<Op, BFloat16, BFloat16>(args, plan, aShape, bShape);
  }
  switch (args.Held(0).dtype) {
    case DType::kFloat32:
    case DType::kBfloat16:
      return RunBinary<Op, float, std::conditional_t<kSame, float, uint8_t>>(args, plan, aShape, bShape);
    case DType::kInt32:
      return RunBinary<Op, int32_t, std::conditional_t<kSame, int32_t, uint8_t>>(args, plan, aShape, bShape);
    case DType::kBool:
      return RunBinary<Op, uint8_t, uint8_t>(args, plan, aShape, bShape);
  }
  args.Fail(0, "a float32, int32 or bool tensor");
}

/// As BoundBinary, for functions of one dtype that is also the result's.
template <class Op, class T>
Napi::Value BoundBinaryOf(const Napi::CallbackInfo& info) {
  Args args(info, "Binary");
  std::vector<int64_t> aShape = args.Shape(2), bShape = args.Shape(3);
  return RunBinary<Op, T, T>(args, PlanBroadcast<2>({aShape, bShape}), aShape, bShape);
}

/// Mod(a, b, shape of a, shape of b) -> y
Napi::Value BoundMod(const Napi::CallbackInfo& info) {
  Args args(info, "Mod");
  if (args.Storage(0).dtype == DType::kInt32) return BoundBinaryOf<ModOp, int32_t>(info);
  return BoundBinaryOf<ModOp, float>(info);
}

template <class T>
Napi::Value RunSelect(const Args& args, int64_t rows, int64_t width) {
  int64_t size = Product({rows, width});
  const uint8_t* condition = args.Data<uint8_t>(0, rows);
  const T* a = args.Data<T>(1, size);
  const T* b = args.Data<T>(2, size);
  Output<T> y(size);
  if (width == 1) {
    Select(condition, a, b, rows, y.data());
  } else {
    SelectRows(condition, a, b, rows, width, y.data());
  }
  return Return(args, y);
}

/// Select(condition [rows], a [rows, width], b, rows, width) -> y
Napi::Value BoundSelect(const Napi::CallbackInfo& info) {
  Args args(info, "Select");
  int64_t rows = args.Int(3), width = args.Int(4);
  switch (args.Storage(1).dtype) {
    case DType::kFloat32:
      return RunSelect<float>(args, rows, width);
    case DType::kInt32:
      return RunSelect<int32_t>(args, rows, width);
    case DType::kBool:
      return RunSelect<uint8_t>(args, rows, width);
    case DType::kBfloat16:
      break;  // comes as float32
  }
  args.Fail(1, "a float32, int32 or bool tensor");
}

template <class From, class To>
Napi::Value RunCast(const Args& args, int64_t count) {
  const From* x = args.Data<From>(0, count);
  Output<To> y(count);
  Cast(x, count, y.data());
  return Return(args, y);
}

template <class From>
Napi::Value CastTo(const Args& args, int64_t count, const std::string& dtype) {
  if (dtype == "float32") return RunCast<From, float>(args, count);
  if (dtype == "int32") return RunCast<From, int32_t>(args, count);
  if (dtype == "bool") return RunCast<From, uint8_t>(args, count);
  args.Fail(2, "float32, int32 or bool");
}

/// Cast(x, count, dtype) -> y
Napi::Value BoundCast(const Napi::CallbackInfo& info) {
  Args args(info, "Cast");
  int64_t count = args.Int(1);
  std::string dtype = args.Text(2);
  switch (args.Storage(0).dtype) {
    case DType::kFloat32:
      return CastTo<float>(args, count, dtype);
    case DType::kInt32:
      return CastTo<int32_t>(args, count, dtype);
    case DType::kBool:
      return CastTo<uint8_t>(args, count, dtype);
    case DType::kBfloat16:
      break;  // comes as float32
  }
  args.Fail(0, "a float32, int32 or bool tensor");
}

/// Range(start, step, count, int32) -> y; int32 rather than float32 where the flag says so.
Napi::Value BoundRange(const Napi::CallbackInfo& info) {
  Args args(info, "Range");
  double start = args.Number(0), step = args.Number(1);
  int64_t count = args.Int(2);
  if (count < 0) args.Fail(2, "a count >= 0");
  if (args.Flag(3)) {
    double last = start + static_cast<double>(std::max<int64_t>(count - 1, 0)) * step, limit = 2147483648.0;
    if (!(std::fmin(start, last) >= -limit && std::fmax(start, last) < limit)) args.Fail(0, "a range inside int32");
    Output<int32_t> y(count);
    Range(start, step, count, y.data());
    return Return(args, y);
  }
  Output<float> y(count);
  Range(start, step, count, y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunFill(const Args& args, int64_t count, double value) {
  Output<T> y(count);
  Fill(static_cast<T>(value), count, y.data());
  return Return(args, y);
}

/// Fill(count, value, dtype) -> y
Napi::Value BoundFill(const Napi::CallbackInfo& info) {
  Args args(info, "Fill");
  int64_t count = args.Int(0);
  double value = args.Number(1);
  std::string dtype = args.Text(2);
  if (dtype == "float32") return RunFill<float>(args, count, value);
  if (dtype == "int32") return RunFill<int32_t>(args, count, value);
  if (dtype == "bool") return RunFill<uint8_t>(args, count, value != 0);
  args.Fail(2, "float32, int32 or bool");
}

}  // namespace

void BindElementWise(Napi::Object kernels) {
  Export(kernels, "Abs", BoundUnary<AbsOp>);
  Export(kernels, "Neg", BoundUnary<NegOp>);
  Export(kernels, "Square", BoundUnary<SquareOp>);
  Export(kernels, "Sqrt", BoundUnary<SqrtOp>);
  Export(kernels, "Rsqrt", BoundUnary<RsqrtOp>);
  Export(kernels, "Reciprocal", BoundUnary<ReciprocalOp>);
  Export(kernels, "Relu", BoundRelu);
  Export(kernels, "Relu6", BoundUnary<Relu6Op>);
  Export(kernels, "LeakyRelu", BoundUnary<LeakyReluOp>);
  Export(kernels, "Step", BoundUnary<StepOp>);
  Export(kernels, "Sign", BoundUnary<SignOp>);
  Export(kernels, "Exp", BoundUnary<ExpOp>);
  Export(kernels, "Expm1", BoundUnary<Expm1Op>);
  Export(kernels, "Log", BoundUnary<LogOp>);
  Export(kernels, "Log1p", BoundUnary<Log1pOp>);
  Export(kernels, "Sigmoid", BoundUnary<SigmoidOp>);
  Export(kernels, "Tanh", BoundUnary<TanhOp>);
  Export(kernels, "Elu", BoundUnary<EluOp>);
  Export(kernels, "Selu", BoundUnary<SeluOp>);
  Export(kernels, "Softplus", BoundUnary<SoftplusOp>);
  Export(kernels, "Erf", BoundUnary<ErfOp>);
  Export(kernels, "Sin", BoundUnary<SinOp>);
  Export(kernels, "Cos", BoundUnary<CosOp>);
  Export(kernels, "IsNan", BoundPredicate<IsNanOp, float>);
  Export(kernels, "IsInf", BoundPredicate<IsInfOp, float>);
  Export(kernels, "IsFinite", BoundPredicate<IsFiniteOp, float>);
  Export(kernels, "LogicalNot", BoundPredicate<LogicalNotOp, uint8_t>);
  Export(kernels, "Floor", BoundUnary<FloorOp>);
  Export(kernels, "Ceil", BoundUnary<CeilOp>);
  Export(kernels, "Round", BoundUnary<RoundOp>);
  Export(kernels, "ClipByValue", BoundClip);
  Export(kernels, "Add", BoundBinary<AddOp, void>);
  Export(kernels, "Sub", BoundBinary<SubOp, void>);
  Export(kernels, "Multiply", BoundBinary<MultiplyOp, void>);
  Export(kernels, "RealDiv", BoundBinary<RealDivOp, void>);
  Export(kernels, "Maximum", BoundBinary<MaximumOp, void>);
  Export(kernels, "Minimum", BoundBinary<MinimumOp, void>);
  Export(kernels, "Pow", BoundBinary<PowOp, void>);
  Export(kernels, "SquaredDifference", BoundBinary<SquaredDifferenceOp, void>);
  Export(kernels, "Atan2", BoundBinaryOf<Atan2Op, float>);
  Export(kernels, "Mod", BoundMod);
  Export(kernels, "FloorDiv", BoundBinaryOf<FloorDivOp, int32_t>);
  Export(kernels, "Prelu", BoundBinaryOf<PreluOp, float>);
  Export(kernels, "EluGrad", BoundBinaryOf<EluGradOp, float>);
  Export(kernels, "Equal", BoundBinary<EqualOp, bool>);
  Export(kernels, "NotEqual", BoundBinary<NotEqualOp, bool>);
  Export(kernels, "Greater", BoundBinary<GreaterOp, bool>);
  Export(kernels, "GreaterEqual", BoundBinary<GreaterEqualOp, bool>);
  Export(kernels, "Less", BoundBinary<LessOp, bool>);
  Export(kernels, "LessEqual", BoundBinary<LessEqualOp, bool>);
  Export(kernels, "LogicalAnd", BoundBinary<LogicalAndOp, bool>);
  Export(kernels, "LogicalOr", BoundBinary<LogicalOrOp, bool>);
  Export(kernels, "Select", BoundSelect);
  Export(kernels, "Cast", BoundCast);
  Export(kernels, "Fill", BoundFill);
  Export(kernels, "Range", BoundRange);
}

}  // namespace simclr
