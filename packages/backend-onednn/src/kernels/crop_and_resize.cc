#include <algorithm>
#include <cmath>

#include "kernels/resize.h"
#include "runtime/parallel.h"

namespace simclr {
namespace {

/// Place `i` of `outSize` between the borders `low` and `high` of a box, in pixels; in double, as tfjs does.
SIMCLR_INLINE inline double Place(float low, float high, int64_t size, int64_t outSize, int64_t i) {
  double a = low, b = high, last = static_cast<double>(size - 1);
  if (outSize == 1) return 0.5 * (a + b) * last;
  return a * last + static_cast<double>(i) * ((b - a) * last / static_cast<double>(outSize - 1));
}

/// Not for NaN.
SIMCLR_INLINE inline bool Inside(double place, int64_t size) {
  return place >= 0 && place <= static_cast<double>(size - 1);
}

}  // namespace

void CropAndResize(const CropShape& s, const float* images, const float* boxes, const int32_t* image, float* out) {
  int64_t channels = s.channels, outRow = s.outWidth * channels;
  if (outRow == 0) return;
  ParallelFor(s.boxes * s.outHeight, std::max<int64_t>(1, 4096 / outRow), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t box = r / s.outHeight;
      const float* corners = boxes + box * 4;
      float* row = out + r * outRow;
      if (image[box] < 0 || image[box] >= s.batch) {
        std::fill_n(row, outRow, 0.0f);
        continue;
      }
      double y = Place(corners[0], corners[2], s.height, s.outHeight, r % s.outHeight);
      if (!Inside(y, s.height)) {
        std::fill_n(row, outRow, s.outside);
        continue;
      }
      const float* pixels = images + image[box] * s.height * s.width * channels;
      double floorY = s.nearest ? std::floor(y + 0.5) : std::floor(y), ceilY = s.nearest ? floorY : std::ceil(y);
      const float* above = pixels + static_cast<int64_t>(floorY) * s.width * channels;
      const float* below = pixels + static_cast<int64_t>(ceilY) * s.width * channels;
      float rowFraction = s.nearest ? 0 : static_cast<float>(y - floorY);
      for (int64_t j = 0; j < s.outWidth; ++j) {
        float* pixel = row + j * channels;
        double x = Place(corners[1], corners[3], s.width, s.outWidth, j);
        if (!Inside(x, s.width)) {
          std::fill_n(pixel, channels, s.outside);
          continue;
        }
        if (s.nearest) {
          std::copy_n(above + static_cast<int64_t>(std::floor(x + 0.5)) * channels, channels, pixel);
          continue;
        }
        double floorX = std::floor(x);
        float fraction = static_cast<float>(x - floorX);
        int64_t left = static_cast<int64_t>(floorX) * channels, right = static_cast<int64_t>(std::ceil(x)) * channels;
        for (int64_t c = 0; c < channels; ++c) {
          float top = above[left + c] + (above[right + c] - above[left + c]) * fraction;
          float bottom = below[left + c] + (below[right + c] - below[left + c]) * fraction;
          pixel[c] = top + (bottom - top) * rowFraction;
        }
      }
    }
  });
}

}  // namespace simclr
