#include "kernels/reduce.h"

#include <algorithm>
#include <cmath>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// Values worth about ten microseconds.
constexpr int64_t kGrain = 32768;

int64_t RowGrain(const ReduceShape& shape) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, shape.size * shape.inner));
}

SIMCLR_INLINE inline double SumOfRow(const float* x, int64_t size) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < size; ++i) sum += x[i];
  return sum;
}

/// One long row: a partial sum per chunk, added in order.
double SumOfLongRow(const float* x, int64_t size) {
  Chunks chunks(size, kGrain);
  Scratch<double> partial(static_cast<size_t>(std::max(chunks.number, 1)));
  double* sums = partial.data();
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    sums[chunk] = SumOfRow(x + begin, end - begin);
  });
  double sum = 0;
  for (int chunk = 0; chunk < chunks.number; ++chunk) sum += sums[chunk];
  return sum;
}

/// [size, inner] to [inner] with a partial row per chunk.
void SumOfRows(const float* x, int64_t size, int64_t inner, double scale, float* y) {
  Chunks chunks(size, std::max<int64_t>(1, kGrain / inner));
  Scratch<double> partial(static_cast<size_t>(std::max(chunks.number, 1) * inner));
  double* sums = partial.data();
  std::fill_n(sums, std::max(chunks.number, 1) * inner, 0.0);
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* own = sums + chunk * inner;
    for (int64_t r = begin; r < end; ++r) {
      const float* row = x + r * inner;
      for (int64_t j = 0; j < inner; ++j) own[j] += row[j];
    }
  });
  for (int64_t j = 0; j < inner; ++j) {
    double sum = 0;
    for (int chunk = 0; chunk < std::max(chunks.number, 1); ++chunk) sum += sums[chunk * inner + j];
    y[j] = static_cast<float>(sum * scale);
  }
}

/// y[o, j] = Op over i of x[o, i, j], starting with the first value. For operations that need no wider accumulator.
template <class Op, class T>
void Fold(const ReduceShape& shape, const T* x, T* y) {
  ParallelFor(shape.outer, RowGrain(shape), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t o = begin; o < end; ++o) {
      const T* block = x + o * shape.size * shape.inner;
      T* to = y + o * shape.inner;
      for (int64_t j = 0; j < shape.inner; ++j) to[j] = block[j];
      for (int64_t i = 1; i < shape.size; ++i) {
        const T* row = block + i * shape.inner;
        for (int64_t j = 0; j < shape.inner; ++j) to[j] = Op::Apply(to[j], row[j]);
      }
    }
  });
}

struct FoldMax { SIMCLR_INLINE static float Apply(float a, float b) { return b > a || b != b ? b : a; } };
struct FoldMin { SIMCLR_INLINE static float Apply(float a, float b) { return b < a || b != b ? b : a; } };
struct FoldAll { SIMCLR_INLINE static uint8_t Apply(uint8_t a, uint8_t b) { return a && b; } };
struct FoldAny { SIMCLR_INLINE static uint8_t Apply(uint8_t a, uint8_t b) { return a || b; } };

/// y[o, j] = product over i of x[o, i, j], in a wider type.
template <class Wide, class T>
void WideProduct(const ReduceShape& shape, const T* x, T* y) {
  ParallelFor(shape.outer, RowGrain(shape), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<Wide> scratch(static_cast<size_t>(shape.inner));
    Wide* products = scratch.data();
    for (int64_t o = begin; o < end; ++o) {
      std::fill_n(products, shape.inner, Wide{1});
      for (int64_t i = 0; i < shape.size; ++i) {
        const T* row = x + (o * shape.size + i) * shape.inner;
        for (int64_t j = 0; j < shape.inner; ++j) products[j] *= static_cast<Wide>(row[j]);
      }
      for (int64_t j = 0; j < shape.inner; ++j) y[o * shape.inner + j] = static_cast<T>(products[j]);
    }
  });
}

template <bool kGreatest>
void ArgBest(const ReduceShape& shape, const float* x, int32_t* y) {
  ParallelFor(shape.outer, RowGrain(shape), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t o = begin; o < end; ++o) {
      for (int64_t j = 0; j < shape.inner; ++j) {
        const float* column = x + o * shape.size * shape.inner + j;
        float best = column[0];
        int32_t at = 0;
        for (int64_t i = 1; i < shape.size; ++i) {
          float value = column[i * shape.inner];
          if (kGreatest ? value > best : value < best) {
            best = value;
            at = static_cast<int32_t>(i);
          }
        }
        y[o * shape.inner + j] = at;
      }
    }
  });
}

}  // namespace

void Sum(const ReduceShape& shape, const float* x, double scale, float* y) {
  if (shape.outer == 1 && shape.inner == 1) {
    y[0] = static_cast<float>(SumOfLongRow(x, shape.size) * scale);
  } else if (shape.inner == 1) {
    ParallelFor(shape.outer, RowGrain(shape), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
      for (int64_t o = begin; o < end; ++o) {
        y[o] = static_cast<float>(SumOfRow(x + o * shape.size, shape.size) * scale);
      }
    });
  } else if (shape.outer < Threads() || shape.size * shape.inner > 16 * kGrain) {
    for (int64_t o = 0; o < shape.outer; ++o) {
      SumOfRows(x + o * shape.size * shape.inner, shape.size, shape.inner, scale, y + o * shape.inner);
    }
  } else {
    Scratch<double> scratch(static_cast<size_t>(Threads() * shape.inner));
    double* sums = scratch.data();
    Chunks chunks(shape.outer, RowGrain(shape));
    ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
      double* own = sums + chunk * shape.inner;
      for (int64_t o = begin; o < end; ++o) {
        for (int64_t j = 0; j < shape.inner; ++j) own[j] = 0;
        for (int64_t i = 0; i < shape.size; ++i) {
          const float* row = x + (o * shape.size + i) * shape.inner;
          for (int64_t j = 0; j < shape.inner; ++j) own[j] += row[j];
        }
        for (int64_t j = 0; j < shape.inner; ++j) y[o * shape.inner + j] = static_cast<float>(own[j] * scale);
      }
    });
  }
}

void Sum(const ReduceShape& shape, const int32_t* x, int32_t* y) {
  ParallelFor(shape.outer, RowGrain(shape), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t o = begin; o < end; ++o) {
      for (int64_t j = 0; j < shape.inner; ++j) {
        uint32_t sum = 0;  // wraps round, as int32 arithmetic in JavaScript does
        for (int64_t i = 0; i < shape.size; ++i) sum += static_cast<uint32_t>(x[(o * shape.size + i) * shape.inner + j]);
        y[o * shape.inner + j] = static_cast<int32_t>(sum);
      }
    }
  });
}

void Prod(const ReduceShape& shape, const float* x, float* y) { WideProduct<double>(shape, x, y); }
void Prod(const ReduceShape& shape, const int32_t* x, int32_t* y) { WideProduct<uint32_t>(shape, x, y); }
void Max(const ReduceShape& shape, const float* x, float* y) { Fold<FoldMax>(shape, x, y); }
void Min(const ReduceShape& shape, const float* x, float* y) { Fold<FoldMin>(shape, x, y); }
void All(const ReduceShape& shape, const uint8_t* x, uint8_t* y) { Fold<FoldAll>(shape, x, y); }
void Any(const ReduceShape& shape, const uint8_t* x, uint8_t* y) { Fold<FoldAny>(shape, x, y); }
void ArgMax(const ReduceShape& shape, const float* x, int32_t* y) { ArgBest<true>(shape, x, y); }
void ArgMin(const ReduceShape& shape, const float* x, int32_t* y) { ArgBest<false>(shape, x, y); }

void Softmax(int64_t rows, int64_t width, const float* x, float* y) {
  ParallelFor(rows, std::max<int64_t>(1, 2048 / std::max<int64_t>(1, width)),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t r = begin; r < end; ++r) {
                  const float* row = x + r * width;
                  float* to = y + r * width;
                  float largest = row[0];
                  for (int64_t j = 1; j < width; ++j) largest = FoldMax::Apply(largest, row[j]);
                  double sum = 0;
                  for (int64_t j = 0; j < width; ++j) sum += to[j] = std::exp(row[j] - largest);
                  float scale = static_cast<float>(1 / sum);
                  for (int64_t j = 0; j < width; ++j) to[j] *= scale;
                }
              });
}

}  // namespace simclr
