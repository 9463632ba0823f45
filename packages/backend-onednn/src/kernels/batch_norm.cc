#include "kernels/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/batch_norm_blocks.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

using batch_norm::BlockKernels;
using batch_norm::Factors;
using batch_norm::Mask;

/// Rows summed in float32 before they are added to a double; a block stays in the cache for its second reading.
constexpr int64_t kBlock = 32;

/// Loops over few channels are too short to be fast, so `factor` rows are taken for one row of as many channels more.
constexpr int64_t kWideEnough = 64;

/// Code for this processor's vectors, if its rows of `wide` numbers are whole vectors.
template <class T>
const BlockKernels<T>* KernelsFor([[maybe_unused]] int64_t wide, [[maybe_unused]] int64_t parts) {
#if defined(__x86_64__)
  if (kIsa == Isa::kBaseline) return nullptr;
  const batch_norm::Kernels& all = kIsa == Isa::kAvx512 ? batch_norm::Avx512Kernels() : batch_norm::Avx2Kernels();
  if (wide % (parts * all.lanes) != 0) return nullptr;
  if constexpr (std::is_same_v<T, BFloat16>) return &all.ofBFloat16s;
  else return &all.ofFloats;
#else
  return nullptr;
#endif
}

/// A matrix of T as the passes take it: `rows` rows of `wide` numbers.
template <class T>
struct Layout {
  int64_t channels, factor, rows, wide;
  /// Numbers of a lane, and lanes of a row; see batch_norm_blocks.h.
  int64_t parts, lanes;
  const BlockKernels<T>* kernels;

  explicit Layout(const BatchNormShape& s) : channels(s.channels), factor(1), parts(1) {
    while (s.Size() > 0 && 2 * factor * channels <= kWideEnough && s.rows % (2 * factor) == 0) factor *= 2;
    rows = s.rows / factor;
    wide = channels * factor;
    constexpr int64_t kParts = std::is_same_v<T, BFloat16> ? 2 : 1;
    kernels = KernelsFor<T>(wide, kParts);
    if (kernels) parts = kParts;
    lanes = wide / parts;
  }
  /// Where an array of per-channel values has that of channel c of row k of `factor`.
  int64_t At(int64_t k, int64_t c) const {
    int64_t i = k * channels + c;
    return i % parts * lanes + i / parts;
  }
  Chunks RowChunks() const { return Chunks(rows, std::max<int64_t>(kBlock, 16384 / std::max<int64_t>(wide, 1))); }
  /// Values for each channel as the passes take them.
  Scratch<float> Repeated(const float* values) const {
    Scratch<float> repeated(static_cast<size_t>(wide));
    for (int64_t k = 0; k < factor; ++k) {
      for (int64_t c = 0; c < channels; ++c) repeated[static_cast<size_t>(At(k, c))] = values[c];
    }
    return repeated;
  }
};

/// body(first, rows) for the blocks of rows [begin, end).
template <class Body>
SIMCLR_INLINE inline void ForBlocks(int64_t begin, int64_t end, const Body& body) {
  for (int64_t first = begin; first < end; first += kBlock) body(first, std::min(kBlock, end - first));
}

/// mean and M2 (sum of squared deviations) of a block of rows, in two readings.
template <class T>
SIMCLR_INLINE inline void BlockMoments(const T* x, int64_t rows, int64_t channels, float* mean, float* m2) {
  std::fill_n(mean, channels, 0.0f);
  std::fill_n(m2, channels, 0.0f);
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) mean[c] += ToFloat(row[c]);
  }
  float scale = 1.0f / static_cast<float>(rows);
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) mean[c] *= scale;
  for (int64_t r = 0; r < rows; ++r) {
    const T* row = x + r * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      float d = ToFloat(row[c]) - mean[c];
      m2[c] += d * d;
    }
  }
}

/// The same with code for this processor's vectors, in one reading: deviations are from the first row, so that M2 loses no
/// more digits than a row that is far from the others takes from it.
template <class T>
SIMCLR_INLINE inline void BlockMoments(const Layout<T>& s, const T* x, int64_t rows, float* mean, float* m2) {
  std::fill_n(mean, 2 * s.wide, 0.0f);
  s.kernels->sumDeviations(rows, s.lanes, x, mean);
  float scale = 1.0f / static_cast<float>(rows);
  for (int64_t p = 0; p < s.parts; ++p) {
    for (int64_t l = 0; l < s.lanes; ++l) {
      int64_t c = p * s.lanes + l;
      float shift = mean[c] * scale, rest = m2[c] - mean[c] * shift;
      m2[c] = rest < 0 ? 0 : rest;  // NaN stays
      mean[c] = ToFloat(x[l * s.parts + p]) + shift;
    }
  }
}

/// Adds the moments of `addedRows` rows to those of `rows` (Chan, Golub and LeVeque).
template <class T>
SIMCLR_INLINE inline void MergeMoments(double* mean, double* m2, double rows, const T* addedMean, const T* addedM2,
                                       double addedRows, int64_t channels) {
  double weight = addedRows / (rows + addedRows), cross = rows * weight;
#pragma omp simd
  for (int64_t c = 0; c < channels; ++c) {
    double delta = addedMean[c] - mean[c];
    mean[c] += delta * weight;
    m2[c] += addedM2[c] + delta * delta * cross;
  }
}

/// What a number is mapped to before the residual is added. One function, for passes that must agree on its sign.
SIMCLR_INLINE inline float Affine(float x, float mean, float scale, float beta) { return (x - mean) * scale + beta; }

template <bool kRelu, bool kResidual, class T>
SIMCLR_INLINE inline void ApplyRows(int64_t rows, int64_t channels, const T* x, const Factors& f, const T* residual, T* y) {
  for (int64_t r = 0; r < rows; ++r) {
    int64_t offset = r * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      float v = Affine(ToFloat(x[offset + c]), f.mean[c], f.scale[c], f.beta[c]);
      if (kResidual) v += ToFloat(residual[offset + c]);
      if (kRelu) v = v < 0 ? 0 : v;  // NaN stays
      y[offset + c] = FromFloat<T>(v);
    }
  }
}

template <Mask kMask, class T>
SIMCLR_INLINE inline float Masked(float dy, const T* y, int64_t i, float x, const Factors& f, int64_t c) {
  if (kMask == Mask::kOfY) return ToFloat(y[i]) > 0 ? dy : 0;
  if (kMask == Mask::kOfX) return Affine(x, f.mean[c], f.scale[c], f.beta[c]) > 0 ? dy : 0;
  return dy;
}

/// Adds dy, masked, and its product with x - mean to sums[0, channels) and sums[channels, 2 * channels).
template <Mask kMask, class T>
SIMCLR_INLINE inline void SumRows(int64_t rows, int64_t channels, const T* dy, const T* x, const T* y, const Factors& f,
                                  float* sums) {
  float* products = sums + channels;
  for (int64_t r = 0; r < rows; ++r) {
    int64_t offset = r * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      float v = ToFloat(x[offset + c]);
      float d = Masked<kMask>(ToFloat(dy[offset + c]), y, offset + c, v, f, c);
      sums[c] += d;
      products[c] += d * (v - f.mean[c]);
    }
  }
}

/// Sums of dy and dy * (x - mean) per channel, where dy is masked by the ReLU.
template <Mask kMask, class T>
void SumGradients(const Layout<T>& s, const Chunks& chunks, const T* dy, const T* x, const T* y, const Factors& f,
                  double* partial) {
  ParallelChunks(chunks, [=, &s, &f](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* sum = partial + 2 * chunk * s.wide;
    std::fill_n(sum, 2 * s.wide, 0.0);
    Scratch<float> block(static_cast<size_t>(2 * s.wide));
    float* sums = block.data();
    for (int64_t start = begin; start < end; start += kBlock) {
      std::fill_n(sums, 2 * s.wide, 0.0f);
      int64_t rows = std::min(end - start, kBlock), i = start * s.wide;
      if (s.kernels) s.kernels->sumGradients(rows, s.lanes, kMask, dy + i, x + i, y + i, f, sums);
      else SumRows<kMask>(rows, s.wide, dy + i, x + i, y + i, f, sums);
#pragma omp simd
      for (int64_t c = 0; c < 2 * s.wide; ++c) sum[c] += sums[c];
    }
  });
}

template <Mask kMask, bool kKeep, class T>
SIMCLR_INLINE inline void SpreadRows(int64_t rows, int64_t channels, const T* dy, const T* x, const T* y,
                                     const Factors& f, T* masked, T* dx) {
  for (int64_t r = 0; r < rows; ++r) {
    int64_t offset = r * channels;
#pragma omp simd
    for (int64_t c = 0; c < channels; ++c) {
      float v = ToFloat(x[offset + c]);
      float d = Masked<kMask>(ToFloat(dy[offset + c]), y, offset + c, v, f, c);
      if (kKeep) masked[offset + c] = FromFloat<T>(d);
      dx[offset + c] = FromFloat<T>(f.scale[c] * d + ((v - f.mean[c]) * f.slope[c] + f.shift[c]));
    }
  }
}

/// dx = scale * dy + (x - mean) * slope + shift, with dy masked by the ReLU. `masked`, if kKeep, becomes that dy.
template <Mask kMask, bool kKeep, class T>
void SpreadGradients(const Layout<T>& s, const T* dy, const T* x, const T* y, const Factors& f, T* masked, T* dx) {
  ParallelChunks(s.RowChunks(), [=, &s, &f](int, int64_t begin, int64_t end) SIMCLR_INLINE {
    ForBlocks(begin, end, [=, &s, &f](int64_t first, int64_t rows) SIMCLR_INLINE {
      int64_t i = first * s.wide;
      T* kept = kKeep ? masked + i : nullptr;
      if (s.kernels) return s.kernels->spreadGradients(rows, s.lanes, kMask, dy + i, x + i, y + i, f, kept, dx + i);
      SpreadRows<kMask, kKeep>(rows, s.wide, dy + i, x + i, y + i, f, kept, dx + i);
    });
  });
}

float InverseDeviation(float variance, float epsilon) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance) + epsilon));
}

/// gamma / sqrt(variance + epsilon)
Scratch<float> Scales(const BatchNormShape& s, const float* gamma, const float* variance) {
  Scratch<float> scale(static_cast<size_t>(s.channels));
  for (int64_t c = 0; c < s.channels; ++c) scale[c] = gamma[c] * InverseDeviation(variance[c], s.epsilon);
  return scale;
}

}  // namespace

template <class T>
void BatchStatistics(const BatchNormShape& shape, const T* x, float* mean, float* variance) {
  if (shape.Size() == 0) {
    std::fill_n(mean, shape.channels, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(variance, shape.channels, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  Layout<T> s(shape);
  int64_t wide = s.wide;
  Chunks chunks = s.RowChunks();
  Scratch<double> moments(static_cast<size_t>(2 * chunks.number * wide));
  double* partial = moments.data();
  ParallelChunks(chunks, [=, &s](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* chunkMean = partial + 2 * chunk * wide;
    double* chunkM2 = chunkMean + wide;
    std::fill_n(chunkMean, 2 * wide, 0.0);
    Scratch<float> block(static_cast<size_t>(2 * wide));
    float *blockMean = block.data(), *blockM2 = blockMean + wide;
    for (int64_t start = begin; start < end; start += kBlock) {
      int64_t rows = std::min(end - start, kBlock);
      if (s.kernels) BlockMoments(s, x + start * wide, rows, blockMean, blockM2);
      else BlockMoments(x + start * wide, rows, wide, blockMean, blockM2);
      MergeMoments(chunkMean, chunkM2, static_cast<double>(start - begin), blockMean, blockM2, static_cast<double>(rows),
                   wide);
    }
  });
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    int64_t before = chunk * chunks.size;
    const double* added = partial + 2 * chunk * wide;
    MergeMoments(partial, partial + wide, static_cast<double>(before), added, added + wide,
                 static_cast<double>(std::min(chunks.size, s.rows - before)), wide);
  }
  for (int64_t c = 0; c < s.channels; ++c) {
    double ofMean = partial[s.At(0, c)], ofM2 = partial[wide + s.At(0, c)];
    for (int64_t k = 1; k < s.factor; ++k) {
      const double* added = partial + s.At(k, c);
      MergeMoments(&ofMean, &ofM2, static_cast<double>(k * s.rows), added, added + wide, static_cast<double>(s.rows), 1);
    }
    mean[c] = static_cast<float>(ofMean);
    variance[c] = static_cast<float>(ofM2 / static_cast<double>(shape.rows));
  }
}

template <class T>
void BatchNormApply(const BatchNormShape& shape, const T* x, const float* gamma, const float* beta, const float* mean,
                    const float* variance, const T* residual, T* y) {
  if (shape.Size() == 0) return;
  Layout<T> s(shape);
  Scratch<float> scale = Scales(shape, gamma, variance);
  Scratch<float> wideScale = s.Repeated(scale.data()), wideMean = s.Repeated(mean), wideBeta = s.Repeated(beta);
  Factors f{wideMean.data(), wideScale.data(), wideBeta.data(), nullptr, nullptr};
  bool relu = shape.relu;
  ParallelChunks(s.RowChunks(), [=, &s, &f](int, int64_t begin, int64_t end) SIMCLR_INLINE {
    ForBlocks(begin, end, [=, &s, &f](int64_t first, int64_t rows) SIMCLR_INLINE {
      int64_t i = first * s.wide;
      const T* added = residual ? residual + i : nullptr;
      if (s.kernels) return s.kernels->apply(rows, s.lanes, x + i, f, added, relu, y + i);
      if (relu && added) return ApplyRows<true, true>(rows, s.wide, x + i, f, added, y + i);
      if (relu) return ApplyRows<true, false>(rows, s.wide, x + i, f, added, y + i);
      if (added) return ApplyRows<false, true>(rows, s.wide, x + i, f, added, y + i);
      ApplyRows<false, false>(rows, s.wide, x + i, f, added, y + i);
    });
  });
}

template <class T>
void BatchNormGrad(const BatchNormShape& shape, const T* dy, const T* x, const T* y, const float* gamma,
                   const float* beta, const float* mean, const float* variance, T* dx, float* dgamma, float* dbeta,
                   T* dresidual) {
  Layout<T> s(shape);
  int64_t channels = s.channels, wide = s.wide;
  Scratch<float> scale = Scales(shape, gamma, variance), slope(static_cast<size_t>(channels)),
                 shift(static_cast<size_t>(channels));
  Scratch<float> wideMean = s.Repeated(mean), wideBeta = s.Repeated(beta), wideScale = s.Repeated(scale.data());
  Factors f{wideMean.data(), wideScale.data(), wideBeta.data(), nullptr, nullptr};

  Chunks chunks = s.RowChunks();
  Scratch<double> sums(static_cast<size_t>(2 * std::max(chunks.number, 1) * wide));
  std::fill_n(sums.data(), 2 * wide, 0.0);
  auto sum = !shape.relu ? SumGradients<Mask::kNone, T> : dresidual ? SumGradients<Mask::kOfY, T> : SumGradients<Mask::kOfX, T>;
  sum(s, chunks, dy, x, y, f, sums.data());
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    for (int64_t i = 0; i < 2 * wide; ++i) sums[i] += sums[2 * chunk * wide + i];
  }

  double rows = static_cast<double>(shape.rows);
  for (int64_t c = 0; c < channels; ++c) {
    double deviation = 1.0 / std::sqrt(static_cast<double>(variance[c]) + shape.epsilon);
    double total = 0, product = 0;
    for (int64_t k = 0; k < s.factor; ++k) {
      total += sums[s.At(k, c)];
      product += sums[wide + s.At(k, c)];
    }
    dbeta[c] = static_cast<float>(total);
    dgamma[c] = static_cast<float>(product * deviation);
    slope[c] = static_cast<float>(-gamma[c] * deviation * deviation * deviation * product / rows);
    shift[c] = static_cast<float>(-gamma[c] * deviation * total / rows);
  }
  Scratch<float> wideSlope = s.Repeated(slope.data()), wideShift = s.Repeated(shift.data());
  f.slope = wideSlope.data();
  f.shift = wideShift.data();
  auto spread = dresidual ? (shape.relu ? SpreadGradients<Mask::kOfY, true, T> : SpreadGradients<Mask::kNone, true, T>)
                          : (shape.relu ? SpreadGradients<Mask::kOfX, false, T> : SpreadGradients<Mask::kNone, false, T>);
  spread(s, dy, x, y, f, dresidual, dx);
}

#define INSTANTIATE(T)                                                                                                 \
  template void BatchStatistics<T>(const BatchNormShape&, const T*, float*, float*);                                   \
  template void BatchNormApply<T>(const BatchNormShape&, const T*, const float*, const float*, const float*,           \
                                  const float*, const T*, T*);                                                         \
  template void BatchNormGrad<T>(const BatchNormShape&, const T*, const T*, const T*, const float*, const float*,      \
                                 const float*, const float*, T*, float*, float*, T*);
INSTANTIATE(float)
INSTANTIATE(BFloat16)
#undef INSTANTIATE

}  // namespace simclr
