// Element-wise functions of two operands of one dtype, with broadcasting.
#pragma once

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "kernels/broadcast.h"
#include "runtime/bfloat16.h"
#include "runtime/parallel.h"

namespace simclr {

/// int32 arithmetic wraps round, as in JavaScript; in C++ only that of unsigned types does.
template <class T>
using Wrapping = std::conditional_t<std::is_same_v<T, int32_t>, uint32_t, T>;

struct AddOp {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return static_cast<T>(Wrapping<T>(a) + Wrapping<T>(b)); }
};
struct SubOp {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return static_cast<T>(Wrapping<T>(a) - Wrapping<T>(b)); }
};
struct MultiplyOp {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return static_cast<T>(Wrapping<T>(a) * Wrapping<T>(b)); }
};
struct RealDivOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return a / b; } };
/// NaN in either operand comes through.
struct MaximumOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return a > b || a != a ? a : b; } };
struct MinimumOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return a < b || a != a ? a : b; } };
struct PowOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return std::pow(a, b); } };
struct SquaredDifferenceOp {
  template <class T>
  SIMCLR_INLINE static T Apply(T a, T b) { return MultiplyOp::Apply(SubOp::Apply(a, b), SubOp::Apply(a, b)); }
};
struct Atan2Op { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return std::atan2(a, b); } };
/// The remainder has the divisor's sign.
struct ModOp {
  SIMCLR_INLINE static float Apply(float a, float b) {
    double remainder = std::fmod(a, static_cast<double>(b));
    bool sameSign = (a < 0 && b < 0) || (a >= 0 && b >= 0);
    return static_cast<float>(sameSign ? remainder : std::fmod(remainder + b, static_cast<double>(b)));
  }
  SIMCLR_INLINE static int32_t Apply(int32_t a, int32_t b) {
    if (b == 0) return 0;
    int64_t remainder = static_cast<int64_t>(a) % b;
    return static_cast<int32_t>(remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder);
  }
};
/// Rounds down; 0 where the divisor is 0, and wraps round.
struct FloorDivOp {
  SIMCLR_INLINE static int32_t Apply(int32_t a, int32_t b) {
    if (b == 0) return 0;
    int64_t quotient = static_cast<int64_t>(a) / b;
    if (static_cast<int64_t>(a) % b != 0 && (a < 0) != (b < 0)) --quotient;
    return static_cast<int32_t>(quotient);
  }
};
/// Prelu(x, alpha)
struct PreluOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return a < 0 ? b * a : a; } };
/// EluGrad(dy, y)
struct EluGradOp { template <class T> SIMCLR_INLINE static T Apply(T a, T b) { return b >= 0 ? a : a * (b + 1); } };
struct EqualOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a == b; } };
struct NotEqualOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a != b; } };
struct GreaterOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a > b; } };
struct GreaterEqualOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a >= b; } };
struct LessOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a < b; } };
struct LessEqualOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a <= b; } };
struct LogicalAndOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a && b; } };
struct LogicalOrOp { template <class T> SIMCLR_INLINE static uint8_t Apply(T a, T b) { return a || b; } };

/// Op(a, b); of bfloat16 as float32.
template <class Op, class T>
SIMCLR_INLINE inline auto Combine(T a, T b) {
  if constexpr (std::is_same_v<T, BFloat16>) {
    return FromFloat<BFloat16>(Op::Apply(ToFloat(a), ToFloat(b)));
  } else {
    return Op::Apply(a, b);
  }
}

/// y = Op(a, b), y of the broadcast shape.
template <class Op, class T, class R>
void Binary(const Broadcast<2>& plan, const T* a, const T* b, R* y) {
  const Broadcast<2>* p = &plan;
  ParallelFor(plan.count, 16384, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    BroadcastCursor<2> at(*p, begin);
    const int64_t inner = p->Inner();
    const auto& step = p->strides[p->rank - 1];
    for (int64_t i = begin; i < end;) {
      const int64_t n = std::min(inner - at.index[p->rank - 1], end - i);
      const T* from = a + at.offset[0];
      const T* with = b + at.offset[1];
      R* to = y + i;
      if (step[0] != 0 && step[1] != 0) {
        for (int64_t j = 0; j < n; ++j) to[j] = Combine<Op>(from[j], with[j]);
      } else if (step[0] != 0) {
        const T right = *with;
        for (int64_t j = 0; j < n; ++j) to[j] = Combine<Op>(from[j], right);
      } else if (step[1] != 0) {
        const T left = *from;
        for (int64_t j = 0; j < n; ++j) to[j] = Combine<Op>(left, with[j]);
      } else {
        const R value = Combine<Op>(*from, *with);
        for (int64_t j = 0; j < n; ++j) to[j] = value;
      }
      at.Advance(*p, n);
      i += n;
    }
  });
}

/// y = condition ? a : b, all of one size.
template <class T>
void Select(const uint8_t* condition, const T* a, const T* b, int64_t count, T* y) {
  ParallelFor(count, 16384, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = condition[i] ? a[i] : b[i];
  });
}

/// Each row of the first dimension as a whole: y[i, :] = condition[i] ? a[i, :] : b[i, :].
template <class T>
void SelectRows(const uint8_t* condition, const T* a, const T* b, int64_t rows, int64_t width, T* y) {
  ParallelFor(rows, std::max<int64_t>(1, 16384 / std::max<int64_t>(width, 1)),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t i = begin; i < end; ++i) {
                  const T* from = (condition[i] ? a : b) + i * width;
                  for (int64_t j = 0; j < width; ++j) y[i * width + j] = from[j];
                }
              });
}

/// float32 to int32 truncates towards zero, to bool means "not 0"; NaN becomes 0 as int32 and 1 as bool.
template <class From, class To>
void Cast(const From* x, int64_t count, To* y) {
  ParallelFor(count, 16384, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) {
      if constexpr (sizeof(To) == 1) {
        y[i] = x[i] != 0;
      } else {
        y[i] = static_cast<To>(x[i]);
      }
    }
  });
}

/// y[i] = start + i * step, each from float64.
template <class T>
void Range(double start, double step, int64_t count, T* y) {
  ParallelFor(count, 32768, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = static_cast<T>(start + static_cast<double>(i) * step);
  });
}

template <class T>
void Fill(T value, int64_t count, T* y) {
  ParallelFor(count, 65536, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t i = begin; i < end; ++i) y[i] = value;
  });
}

}  // namespace simclr
