#include "kernels/resize.h"

#include <algorithm>
#include <cmath>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// One place of the result lies between `low` and `high` of the source, `fraction` of the way.
struct Tap {
  int64_t low, high;
  float fraction;
};

/// Taps along one axis, computed in double as tfjs does, so that both choose the same neighbours.
void MakeTaps(int64_t size, int64_t outSize, bool alignCorners, bool halfPixelCenters, Tap* taps) {
  bool align = alignCorners && outSize > 1;
  double ratio = static_cast<double>(align ? size - 1 : size) / static_cast<double>(align ? outSize - 1 : outSize);
  for (int64_t i = 0; i < outSize; ++i) {
    double at = static_cast<double>(i);
    double place = halfPixelCenters ? ratio * (at + 0.5) - 0.5 : ratio * at;
    int64_t low = std::clamp<int64_t>(static_cast<int64_t>(std::floor(place)), 0, size - 1);
    int64_t high = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(place)), 0, size - 1);
    taps[i] = {low, high, low == high ? 0.0f : static_cast<float>(place - static_cast<double>(low))};
  }
}

/// For each place of the source, what reaches it from the result.
struct AdjointTaps {
  Scratch<int64_t> first;  // of size + 1: where a place's entries begin
  Scratch<int64_t> from;
  Scratch<float> weight;

  AdjointTaps(const Tap* taps, int64_t size, int64_t outSize)
      : first(static_cast<size_t>(size + 2)),
        from(static_cast<size_t>(2 * outSize)),
        weight(static_cast<size_t>(2 * outSize)) {
    std::fill_n(first.data(), size + 2, 0);
    for (int64_t i = 0; i < outSize; ++i) {
      ++first[taps[i].low + 2];
      ++first[taps[i].high + 2];
    }
    for (int64_t p = 2; p < size + 2; ++p) first[p] += first[p - 1];
    for (int64_t i = 0; i < outSize; ++i) {
      Add(taps[i].low, i, 1 - taps[i].fraction);
      Add(taps[i].high, i, taps[i].fraction);
    }
  }

 private:
  void Add(int64_t place, int64_t i, float w) {
    int64_t entry = first[place + 1]++;
    from[entry] = i;
    weight[entry] = w;
  }
};

}  // namespace

void ResizeBilinear(const ResizeShape& s, const float* images, float* out) {
  if (s.outHeight == 0 || s.outWidth == 0) return;
  Scratch<Tap> rowTaps(static_cast<size_t>(s.outHeight)), columnTaps(static_cast<size_t>(s.outWidth));
  MakeTaps(s.height, s.outHeight, s.alignCorners, s.halfPixelCenters, rowTaps.data());
  MakeTaps(s.width, s.outWidth, s.alignCorners, s.halfPixelCenters, columnTaps.data());
  const Tap *rows = rowTaps.data(), *columns = columnTaps.data();
  int64_t rowSize = s.width * s.channels, outRow = s.outWidth * s.channels;
  ParallelFor(s.batch * s.outHeight, std::max<int64_t>(1, 8192 / outRow),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t r = begin; r < end; ++r) {
                  const Tap& row = rows[r % s.outHeight];
                  const float* image = images + r / s.outHeight * s.height * rowSize;
                  const float *above = image + row.low * rowSize, *below = image + row.high * rowSize;
                  for (int64_t j = 0; j < s.outWidth; ++j) {
                    const Tap& column = columns[j];
                    int64_t left = column.low * s.channels, right = column.high * s.channels;
                    float* pixel = out + r * outRow + j * s.channels;
#pragma omp simd
                    for (int64_t c = 0; c < s.channels; ++c) {
                      float top = above[left + c] + (above[right + c] - above[left + c]) * column.fraction;
                      float bottom = below[left + c] + (below[right + c] - below[left + c]) * column.fraction;
                      pixel[c] = top + (bottom - top) * row.fraction;
                    }
                  }
                }
              });
}

void ResizeBilinearGrad(const ResizeShape& s, const float* dy, float* dx) {
  Scratch<Tap> rowTaps(static_cast<size_t>(s.outHeight)), columnTaps(static_cast<size_t>(s.outWidth));
  MakeTaps(s.height, s.outHeight, s.alignCorners, s.halfPixelCenters, rowTaps.data());
  MakeTaps(s.width, s.outWidth, s.alignCorners, s.halfPixelCenters, columnTaps.data());
  AdjointTaps adjoint(rowTaps.data(), s.height, s.outHeight);
  const int64_t *first = adjoint.first.data(), *from = adjoint.from.data();
  const float* weight = adjoint.weight.data();
  const Tap* columns = columnTaps.data();
  int64_t rowSize = s.width * s.channels, outRow = s.outWidth * s.channels;
  // Each row of dx gathers its rows of dy and then spreads their sum over the columns: no two threads meet.
  ParallelFor(s.batch * s.height, std::max<int64_t>(1, 8192 / std::max(rowSize, outRow)),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                Scratch<float> scratch(static_cast<size_t>(outRow));
                float* mixed = scratch.data();
                for (int64_t r = begin; r < end; ++r) {
                  int64_t i = r % s.height;
                  const float* image = dy + r / s.height * s.outHeight * outRow;
                  float* row = dx + r * rowSize;
                  std::fill_n(row, rowSize, 0.0f);
                  std::fill_n(mixed, outRow, 0.0f);
                  for (int64_t k = first[i]; k < first[i + 1]; ++k) {
                    const float* source = image + from[k] * outRow;
                    float w = weight[k];
#pragma omp simd
                    for (int64_t c = 0; c < outRow; ++c) mixed[c] += w * source[c];
                  }
                  for (int64_t j = 0; j < s.outWidth; ++j) {
                    float *left = row + columns[j].low * s.channels, *right = row + columns[j].high * s.channels;
                    float f = columns[j].fraction;
                    for (int64_t c = 0; c < s.channels; ++c) left[c] += (1 - f) * mixed[j * s.channels + c];
                    for (int64_t c = 0; c < s.channels; ++c) right[c] += f * mixed[j * s.channels + c];
                  }
                }
              });
}

}  // namespace simclr
