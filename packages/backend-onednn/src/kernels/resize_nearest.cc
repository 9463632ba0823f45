#include <algorithm>
#include <cmath>

#include "kernels/resize.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// The source pixel of each place of the result along one axis, in double as tfjs computes it; never falls.
Scratch<int64_t> Sources(int64_t size, int64_t outSize, bool alignCorners, bool halfPixelCenters) {
  Scratch<int64_t> sources(static_cast<size_t>(outSize));
  bool align = alignCorners && outSize > 1;
  double ratio = static_cast<double>(align ? size - 1 : size) / static_cast<double>(align ? outSize - 1 : outSize);
  for (int64_t i = 0; i < outSize; ++i) {
    double place = ratio * (static_cast<double>(i) + (halfPixelCenters ? 0.5 : 0));
    double nearest = std::floor(alignCorners ? place + 0.5 : place);
    sources[static_cast<size_t>(i)] = std::clamp<int64_t>(static_cast<int64_t>(nearest), 0, size - 1);
  }
  return sources;
}

/// first[i] is the first place of the result whose source is i or more, for i in [0, size].
Scratch<int64_t> FirstPlaces(const Scratch<int64_t>& sources, int64_t size, int64_t outSize) {
  Scratch<int64_t> first(static_cast<size_t>(size + 1));
  for (int64_t i = 0; i <= size; ++i) {
    first[static_cast<size_t>(i)] = std::lower_bound(sources.data(), sources.data() + outSize, i) - sources.data();
  }
  return first;
}

}  // namespace

template <class T>
void ResizeNearest(const ResizeShape& s, const T* images, T* out) {
  int64_t outRow = s.outWidth * s.channels;
  if (s.outHeight == 0 || outRow == 0) return;
  auto rowSources = Sources(s.height, s.outHeight, s.alignCorners, s.halfPixelCenters);
  auto columnSources = Sources(s.width, s.outWidth, s.alignCorners, s.halfPixelCenters);
  const int64_t *rows = rowSources.data(), *columns = columnSources.data();
  ParallelFor(s.batch * s.outHeight, std::max<int64_t>(1, 16384 / outRow),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t r = begin; r < end; ++r) {
                  const T* row = images + (r / s.outHeight * s.height + rows[r % s.outHeight]) * s.width * s.channels;
                  for (int64_t j = 0; j < s.outWidth; ++j) {
                    const T* pixel = row + columns[j] * s.channels;
                    T* to = out + r * outRow + j * s.channels;
                    for (int64_t c = 0; c < s.channels; ++c) to[c] = pixel[c];
                  }
                }
              });
}

void ResizeNearestGrad(const ResizeShape& s, const float* dy, float* dx) {
  auto rowSources = Sources(s.height, s.outHeight, s.alignCorners, s.halfPixelCenters);
  auto columnSources = Sources(s.width, s.outWidth, s.alignCorners, s.halfPixelCenters);
  auto rowFirst = FirstPlaces(rowSources, s.height, s.outHeight);
  const int64_t *first = rowFirst.data(), *columns = columnSources.data();
  int64_t rowSize = s.width * s.channels, outRow = s.outWidth * s.channels;
  // A row of dx takes from the rows of dy that were read from it: no two threads meet.
  ParallelFor(s.batch * s.height, std::max<int64_t>(1, 16384 / std::max<int64_t>(1, std::max(rowSize, outRow))),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                for (int64_t r = begin; r < end; ++r) {
                  float* row = dx + r * rowSize;
                  std::fill_n(row, rowSize, 0.0f);
                  for (int64_t i = first[r % s.height]; i < first[r % s.height + 1]; ++i) {
                    const float* from = dy + (r / s.height * s.outHeight + i) * outRow;
                    for (int64_t j = 0; j < s.outWidth; ++j) {
                      float* pixel = row + columns[j] * s.channels;
                      for (int64_t c = 0; c < s.channels; ++c) pixel[c] += from[j * s.channels + c];
                    }
                  }
                }
              });
}

template void ResizeNearest<float>(const ResizeShape&, const float*, float*);
template void ResizeNearest<int32_t>(const ResizeShape&, const int32_t*, int32_t*);

}  // namespace simclr
