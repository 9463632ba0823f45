#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "kernels/images.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

void CheckIndices(const int32_t* index, int64_t count, int64_t size, const char* name) {
  for (int64_t i = 0; i < count; ++i) {
    if (index[i] < 0 || index[i] >= size) {
      throw std::out_of_range(std::string("SeparableResample: ") + name + " must be in [0, " +
                              std::to_string(size - 1) + "]; received " + std::to_string(index[i]));
    }
  }
}

/// Four floats at any address: the channels of a pixel, and up to three floats of the next one.
typedef float Four __attribute__((vector_size(16)));

/// Floats that are read, and not used, behind the last pixel of a row.
constexpr int64_t kPadding = 4;

SIMCLR_INLINE inline Four Load(const float* at) {
  Four four;
  std::memcpy(&four, at, sizeof four);
  return four;
}

/// mixed = sum_k weight[k] * (row index[k] of the image), for floats low to high of a row; four rows at a time.
SIMCLR_INLINE inline void MixRows(const float* image, int64_t rowSize, const int32_t* index, const float* weight,
                                  int64_t taps, int64_t low, int64_t high, float* mixed) {
  int64_t k = 0;
  if (taps < 4) {
    const float* row = image + index[0] * rowSize;
    float w = weight[0];
#pragma omp simd
    for (int64_t i = low; i < high; ++i) mixed[i] = w * row[i];
    k = 1;
  }
  for (; k + 4 <= taps; k += 4) {
    const float *a = image + index[k] * rowSize, *b = image + index[k + 1] * rowSize;
    const float *c = image + index[k + 2] * rowSize, *d = image + index[k + 3] * rowSize;
    float wa = weight[k], wb = weight[k + 1], wc = weight[k + 2], wd = weight[k + 3];
    if (k == 0) {
#pragma omp simd
      for (int64_t i = low; i < high; ++i) mixed[i] = ((wa * a[i] + wb * b[i]) + wc * c[i]) + wd * d[i];
    } else {
#pragma omp simd
      for (int64_t i = low; i < high; ++i) mixed[i] = (((mixed[i] + wa * a[i]) + wb * b[i]) + wc * c[i]) + wd * d[i];
    }
  }
  for (; k < taps; ++k) {
    const float* row = image + index[k] * rowSize;
    float w = weight[k];
#pragma omp simd
    for (int64_t i = low; i < high; ++i) mixed[i] += w * row[i];
  }
}

/// One row of pixels of up to four channels, each a sum of pixels of `mixed`: of every `stride` taps those from `from` to
/// `to`, which are constants where inlined.
SIMCLR_INLINE inline void MixColumns(const float* mixed, const int32_t* index, const float* weight, int64_t width,
                                     int64_t stride, int64_t from, int64_t to, int64_t channels, float* out) {
  for (int64_t j = 0; j < width; ++j, index += stride, weight += stride) {
    Four sum = weight[from] * Load(mixed + index[from] * channels);
    for (int64_t l = from + 1; l < to; ++l) sum += weight[l] * Load(mixed + index[l] * channels);
    float* pixel = out + j * channels;
    // What runs over is overwritten by the next pixel; behind the last one is memory of another thread.
    if (j + 4 < width) std::memcpy(pixel, &sum, sizeof sum);
    else for (int64_t c = 0; c < channels; ++c) pixel[c] = sum[c];
  }
}

/// The taps that have a weight somewhere in `count` sums: a narrow Gaussian has few, an image that stays as it is has one.
struct TapRange {
  int64_t from, to;
};
TapRange UsedTaps(const float* weight, int64_t count, int64_t taps) {
  TapRange used{taps - 1, 1};
  for (int64_t i = 0; i < count; ++i, weight += taps) {
    for (int64_t k = 0; k < used.from; ++k) {
      if (weight[k] != 0) used.from = k;
    }
    for (int64_t k = taps; k > used.to; --k) {
      if (weight[k - 1] != 0) used.to = k;
    }
  }
  used.to = std::max(used.to, used.from + 1);
  return used;
}

SIMCLR_INLINE inline void MixManyChannels(const float* mixed, const int32_t* index, const float* weight, int64_t width,
                                          int64_t taps, int64_t channels, float* out) {
  for (int64_t j = 0; j < width; ++j, index += taps, weight += taps) {
    float* pixel = out + j * channels;
    for (int64_t l = 0; l < taps; ++l) {
      const float* from = mixed + index[l] * channels;
      float w = weight[l];
      if (l == 0) {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) pixel[c] = w * from[c];
      } else {
#pragma omp simd
        for (int64_t c = 0; c < channels; ++c) pixel[c] += w * from[c];
      }
    }
  }
}

}  // namespace

void SeparableResample(const ResampleShape& s, const float* images, const int32_t* rowIndex, const float* rowWeight,
                       const int32_t* columnIndex, const float* columnWeight, float* out) {
  CheckIndices(rowIndex, s.batch * s.outHeight * s.rowTaps, s.height, "rowIndex");
  CheckIndices(columnIndex, s.batch * s.outWidth * s.columnTaps, s.width, "columnIndex");
  if (s.outWidth == 0 || s.channels == 0) return;
  int64_t rowSize = s.width * s.channels;
  ParallelFor(s.batch * s.outHeight, 4, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> scratch(static_cast<size_t>(rowSize + kPadding));
    float* mixed = scratch.data();
    std::fill_n(mixed, rowSize + kPadding, 0.0f);
    int64_t image = -1, low = 0, high = 0;
    TapRange used{0, 1};
    for (int64_t r = begin; r < end; ++r) {
      int64_t n = r / s.outHeight;
      const int32_t* columns = columnIndex + n * s.outWidth * s.columnTaps;
      const float* weights = columnWeight + n * s.outWidth * s.columnTaps;
      if (n != image) {  // a crop reads some of the columns only
        auto [least, most] = std::minmax_element(columns, columns + s.outWidth * s.columnTaps);
        low = *least * s.channels;
        high = (*most + 1) * s.channels;
        used = UsedTaps(weights, s.outWidth, s.columnTaps);
        image = n;
      }
      TapRange rows = UsedTaps(rowWeight + r * s.rowTaps, 1, s.rowTaps);
      MixRows(images + n * s.height * rowSize, rowSize, rowIndex + r * s.rowTaps + rows.from,
              rowWeight + r * s.rowTaps + rows.from, rows.to - rows.from, low, high, mixed);
      float* row = out + r * s.outWidth * s.channels;
      if (s.channels > 4) MixManyChannels(mixed, columns, weights, s.outWidth, s.columnTaps, s.channels, row);
      else if (s.columnTaps == 4) MixColumns(mixed, columns, weights, s.outWidth, 4, 0, 4, s.channels, row);
      else if (s.columnTaps == 1) MixColumns(mixed, columns, weights, s.outWidth, 1, 0, 1, s.channels, row);
      else MixColumns(mixed, columns, weights, s.outWidth, s.columnTaps, used.from, used.to, s.channels, row);
    }
  });
}

}  // namespace simclr
