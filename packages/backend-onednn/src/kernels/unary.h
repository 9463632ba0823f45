// Element-wise functions of one float32 operand. NaN comes through unless a function says otherwise.
#pragma once

#include <cmath>
#include <cstdint>

#include "runtime/bfloat16.h"
#include "runtime/parallel.h"

namespace simclr {

/// Functions that need a parameter take it as `p`; the others ignore it.
struct AbsOp { SIMCLR_INLINE static float Apply(float x, float) { return std::fabs(x); } };
struct NegOp { SIMCLR_INLINE static float Apply(float x, float) { return -x; } };
struct SquareOp { SIMCLR_INLINE static float Apply(float x, float) { return x * x; } };
struct SqrtOp { SIMCLR_INLINE static float Apply(float x, float) { return std::sqrt(x); } };
struct RsqrtOp { SIMCLR_INLINE static float Apply(float x, float) { return 1.0f / std::sqrt(x); } };
struct ReciprocalOp { SIMCLR_INLINE static float Apply(float x, float) { return 1.0f / x; } };
struct ReluOp { SIMCLR_INLINE static float Apply(float x, float) { return x < 0 ? 0 : x; } };
struct Relu6Op {
  SIMCLR_INLINE static float Apply(float x, float) { return x < 0 ? 0 : (x > 6 ? 6 : x); }
};
struct LeakyReluOp { SIMCLR_INLINE static float Apply(float x, float p) { return x < 0 ? p * x : x; } };
struct StepOp {
  SIMCLR_INLINE static float Apply(float x, float p) { return x != x ? x : (x > 0 ? 1 : p); }
};
struct SignOp {  // sign(NaN) is 0
  SIMCLR_INLINE static float Apply(float x, float) { return x > 0 ? 1.0f : (x < 0 ? -1.0f : 0.0f); }
};
struct ExpOp { SIMCLR_INLINE static float Apply(float x, float) { return std::exp(x); } };
struct Expm1Op { SIMCLR_INLINE static float Apply(float x, float) { return std::expm1(x); } };
struct LogOp { SIMCLR_INLINE static float Apply(float x, float) { return std::log(x); } };
struct Log1pOp { SIMCLR_INLINE static float Apply(float x, float) { return std::log1p(x); } };
struct SigmoidOp { SIMCLR_INLINE static float Apply(float x, float) { return 1.0f / (1.0f + std::exp(-x)); } };
struct TanhOp { SIMCLR_INLINE static float Apply(float x, float) { return std::tanh(x); } };
struct EluOp { SIMCLR_INLINE static float Apply(float x, float) { return x >= 0 ? x : std::expm1(x); } };
struct SeluOp {
  SIMCLR_INLINE static float Apply(float x, float) {
    constexpr float kScale = 1.0507009873554804934f, kScaleAlpha = 1.7580993408473768600f;
    return x >= 0 ? kScale * x : kScaleAlpha * std::expm1(x);
  }
};
struct SoftplusOp {  // log(1 + exp(x))
  SIMCLR_INLINE static float Apply(float x, float) {
    return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)));
  }
};
struct ErfOp { SIMCLR_INLINE static float Apply(float x, float) { return std::erf(x); } };
struct SinOp { SIMCLR_INLINE static float Apply(float x, float) { return std::sin(x); } };
struct CosOp { SIMCLR_INLINE static float Apply(float x, float) { return std::cos(x); } };
struct FloorOp { SIMCLR_INLINE static float Apply(float x, float) { return std::floor(x); } };
struct CeilOp { SIMCLR_INLINE static float Apply(float x, float) { return std::ceil(x); } };
struct RoundOp {  // halves to even
  SIMCLR_INLINE static float Apply(float x, float) { return std::nearbyint(x); }
};

/// y[i] = Op(x[i], p)
template <class Op, class T>
void Unary(const T* x, float p, int64_t count, T* y) {
  ParallelFor(count, 16384, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = FromFloat<T>(Op::Apply(ToFloat(x[i]), p));
  });
}

/// Questions about one value, whose answers are bools.
struct IsNanOp { SIMCLR_INLINE static uint8_t Apply(float x) { return x != x; } };
struct IsInfOp { SIMCLR_INLINE static uint8_t Apply(float x) { return std::fabs(x) == INFINITY; } };
struct IsFiniteOp { SIMCLR_INLINE static uint8_t Apply(float x) { return std::fabs(x) < INFINITY; } };
struct LogicalNotOp { SIMCLR_INLINE static uint8_t Apply(uint8_t x) { return x == 0; } };

template <class Op, class T>
void Predicate(const T* x, int64_t count, uint8_t* y) {
  ParallelFor(count, 32768, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = Op::Apply(x[i]);
  });
}

/// y[i] = x[i] moved into [low, high]; NaN stays NaN.
void Clip(const float* x, float low, float high, int64_t count, float* y);

}  // namespace simclr
