#include "kernels/batch_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// Rows summed in float32 before they are added to a double; a block stays in the cache for its second reading.
constexpr int64_t kBlock = 32;

/// Loops over few channels are too short to be fast, so `factor` rows are taken for one row of as many channels more.
constexpr int64_t kWideEnough = 128;

int64_t WideningFactor(const BatchNormShape& s) {
  int64_t factor = 1;
  while (2 * factor * s.channels <= kWideEnough && s.rows % (2 * factor) == 0) factor *= 2;
  return factor;
}

BatchNormShape Widened(const BatchNormShape& s, int64_t factor) {
  return {s.rows / factor, s.channels * factor, s.epsilon, s.relu};
}

/// Per-channel values, repeated for a widened row.
Scratch<float> Repeated(const float* values, int64_t channels, int64_t factor) {
  Scratch<float> repeated(static_cast<size_t>(channels * factor));
  for (int64_t k = 0; k < factor; ++k) std::copy_n(values, channels, repeated.data() + k * channels);
  return repeated;
}

Chunks RowChunks(const BatchNormShape& s) {
  return Chunks(s.rows, std::max<int64_t>(kBlock, 16384 / std::max<int64_t>(s.channels, 1)));
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

template <bool kRelu, bool kResidual, class T>
void ApplyRows(const BatchNormShape& s, const T* x, const float* scale, const float* mean, const float* beta,
               const T* residual, T* y) {
  int64_t channels = s.channels;
  ParallelChunks(RowChunks(s), [=](int, int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t offset = r * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        float v = (ToFloat(x[offset + c]) - mean[c]) * scale[c] + beta[c];
        if (kResidual) v += ToFloat(residual[offset + c]);
        if (kRelu) v = v < 0 ? 0 : v;  // NaN stays
        y[offset + c] = FromFloat<T>(v);
      }
    }
  });
}

/// Sums of dy and dy * (x - mean) per channel, where dy is masked by the ReLU.
template <bool kRelu, class T>
void SumGradients(const BatchNormShape& s, const Chunks& chunks, const T* dy, const T* x, const T* y, const float* mean,
                  double* partial) {
  int64_t channels = s.channels;
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* sum = partial + 2 * chunk * channels;
    double* product = sum + channels;
    std::fill_n(sum, 2 * channels, 0.0);
    Scratch<float> block(static_cast<size_t>(2 * channels));
    float* blockSum = block.data();
    float* blockProduct = blockSum + channels;
    for (int64_t start = begin; start < end; start += kBlock) {
      std::fill_n(blockSum, 2 * channels, 0.0f);
      for (int64_t r = start; r < std::min(end, start + kBlock); ++r) {
        int64_t offset = r * channels;
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) {
          float d = ToFloat(dy[offset + c]);
          if (kRelu) d = ToFloat(y[offset + c]) > 0 ? d : 0;
          blockSum[c] += d;
          blockProduct[c] += d * (ToFloat(x[offset + c]) - mean[c]);
        }
      }
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        sum[c] += blockSum[c];
        product[c] += blockProduct[c];
      }
    }
  });
}

/// dx = scale * dy + (x - mean) * slope + shift, with dy masked by the ReLU.
template <bool kRelu, bool kResidual, class T>
void SpreadGradients(const BatchNormShape& s, const T* dy, const T* x, const T* y, const float* mean,
                     const float* scale, const float* slope, const float* shift, T* dx, T* dresidual) {
  int64_t channels = s.channels;
  ParallelChunks(RowChunks(s), [=](int, int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t offset = r * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; ++c) {
        float d = ToFloat(dy[offset + c]);
        if (kRelu) d = ToFloat(y[offset + c]) > 0 ? d : 0;
        if (kResidual) dresidual[offset + c] = FromFloat<T>(d);
        dx[offset + c] = FromFloat<T>(scale[c] * d + ((ToFloat(x[offset + c]) - mean[c]) * slope[c] + shift[c]));
      }
    }
  });
}

float InverseDeviation(float variance, float epsilon) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(variance) + epsilon));
}

}  // namespace

template <class T>
void BatchStatistics(const BatchNormShape& shape, const T* x, float* mean, float* variance) {
  if (shape.Size() == 0) {
    std::fill_n(mean, shape.channels, std::numeric_limits<float>::quiet_NaN());
    std::fill_n(variance, shape.channels, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  int64_t factor = WideningFactor(shape);
  BatchNormShape s = Widened(shape, factor);
  int64_t channels = s.channels;
  Chunks chunks = RowChunks(s);
  Scratch<double> moments(static_cast<size_t>(2 * chunks.number * channels));
  double* partial = moments.data();
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* chunkMean = partial + 2 * chunk * channels;
    double* chunkM2 = chunkMean + channels;
    std::fill_n(chunkMean, 2 * channels, 0.0);
    Scratch<float> block(static_cast<size_t>(2 * channels));
    for (int64_t start = begin; start < end; start += kBlock) {
      int64_t rows = std::min(end - start, kBlock);
      BlockMoments(x + start * channels, rows, channels, block.data(), block.data() + channels);
      MergeMoments(chunkMean, chunkM2, static_cast<double>(start - begin), block.data(), block.data() + channels,
                   static_cast<double>(rows), channels);
    }
  });
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    int64_t before = chunk * chunks.size;
    const double* added = partial + 2 * chunk * channels;
    MergeMoments(partial, partial + channels, static_cast<double>(before), added, added + channels,
                 static_cast<double>(std::min(chunks.size, s.rows - before)), channels);
  }
  for (int64_t k = 1; k < factor; ++k) {
    const double* added = partial + k * shape.channels;
    MergeMoments(partial, partial + channels, static_cast<double>(k * s.rows), added, added + channels,
                 static_cast<double>(s.rows), shape.channels);
  }
  for (int64_t c = 0; c < shape.channels; ++c) {
    mean[c] = static_cast<float>(partial[c]);
    variance[c] = static_cast<float>(partial[channels + c] / static_cast<double>(shape.rows));
  }
}

template <class T>
void BatchNormApply(const BatchNormShape& s, const T* x, const float* gamma, const float* beta, const float* mean,
                    const float* variance, const T* residual, T* y) {
  Scratch<float> scale(static_cast<size_t>(s.channels));
  for (int64_t c = 0; c < s.channels; ++c) scale[c] = gamma[c] * InverseDeviation(variance[c], s.epsilon);
  auto apply = s.relu ? (residual ? ApplyRows<true, true, T> : ApplyRows<true, false, T>)
                      : (residual ? ApplyRows<false, true, T> : ApplyRows<false, false, T>);
  if (s.Size() == 0) return;
  int64_t factor = WideningFactor(s);
  Scratch<float> wideScale = Repeated(scale.data(), s.channels, factor), wideMean = Repeated(mean, s.channels, factor),
                 wideBeta = Repeated(beta, s.channels, factor);
  apply(Widened(s, factor), x, wideScale.data(), wideMean.data(), wideBeta.data(), residual, y);
}

template <class T>
void BatchNormGrad(const BatchNormShape& shape, const T* dy, const T* x, const T* y, const float* gamma,
                   const float* mean, const float* variance, T* dx, float* dgamma, float* dbeta, T* dresidual) {
  int64_t factor = shape.Size() == 0 ? 1 : WideningFactor(shape);
  BatchNormShape s = Widened(shape, factor);
  int64_t channels = shape.channels, wide = s.channels;
  Scratch<float> wideMean = Repeated(mean, channels, factor);
  Chunks chunks = RowChunks(s);
  Scratch<double> sums(static_cast<size_t>(2 * std::max(chunks.number, 1) * wide));
  std::fill_n(sums.data(), 2 * wide, 0.0);
  (s.relu ? SumGradients<true, T> : SumGradients<false, T>)(s, chunks, dy, x, y, wideMean.data(), sums.data());
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    for (int64_t i = 0; i < 2 * wide; ++i) sums[i] += sums[2 * chunk * wide + i];
  }
  Scratch<float> factors(static_cast<size_t>(3 * wide));
  float *scale = factors.data(), *slope = scale + wide, *shift = slope + wide;
  double rows = static_cast<double>(shape.rows);
  for (int64_t c = 0; c < channels; ++c) {
    double deviation = 1.0 / std::sqrt(static_cast<double>(variance[c]) + s.epsilon);
    double sum = 0, product = 0;
    for (int64_t k = c; k < wide; k += channels) {
      sum += sums[k];
      product += sums[wide + k];
    }
    dbeta[c] = static_cast<float>(sum);
    dgamma[c] = static_cast<float>(product * deviation);
    for (int64_t k = c; k < wide; k += channels) {
      scale[k] = static_cast<float>(gamma[c] * deviation);
      slope[k] = static_cast<float>(-gamma[c] * deviation * deviation * deviation * product / rows);
      shift[k] = static_cast<float>(-gamma[c] * deviation * sum / rows);
    }
  }
  auto spread = s.relu ? (dresidual ? SpreadGradients<true, true, T> : SpreadGradients<true, false, T>)
                       : (dresidual ? SpreadGradients<false, true, T> : SpreadGradients<false, false, T>);
  spread(s, dy, x, y, wideMean.data(), scale, slope, shift, dx, dresidual);
}

#define INSTANTIATE(T)                                                                                                 \
  template void BatchStatistics<T>(const BatchNormShape&, const T*, float*, float*);                                   \
  template void BatchNormApply<T>(const BatchNormShape&, const T*, const float*, const float*, const float*,           \
                                  const float*, const T*, T*);                                                         \
  template void BatchNormGrad<T>(const BatchNormShape&, const T*, const T*, const T*, const float*, const float*,      \
                                 const float*, T*, float*, float*, T*);
INSTANTIATE(float)
INSTANTIATE(BFloat16)
#undef INSTANTIATE

}  // namespace simclr
