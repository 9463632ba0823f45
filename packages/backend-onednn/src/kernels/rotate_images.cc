#include <algorithm>
#include <cmath>

#include "kernels/images.h"
#include "runtime/parallel.h"

namespace simclr {

void RotateImages(const ImageShape& s, const float* images, const float* rotation, float fill, float* out) {
  int64_t rowSize = s.width * s.channels;
  if (rowSize == 0) return;
  double middleX = static_cast<double>(s.width - 1) / 2, middleY = static_cast<double>(s.height - 1) / 2;
  ParallelFor(s.batch * s.height, std::max<int64_t>(1, 2048 / rowSize), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      int64_t n = r / s.height;
      const float* image = images + n * s.height * rowSize;
      double cosine = rotation[2 * n], sine = rotation[2 * n + 1];
      double v = static_cast<double>(r % s.height) - middleY;
      for (int64_t j = 0; j < s.width; ++j) {
        float* pixel = out + r * rowSize + j * s.channels;
        // Where the pixel comes from: its place turned back, clockwise in an image whose y points down.
        double u = static_cast<double>(j) - middleX;
        double x = cosine * u - sine * v + middleX, y = sine * u + cosine * v + middleY;
        if (!(x > -1 && y > -1 && x < static_cast<double>(s.width) && y < static_cast<double>(s.height))) {
          std::fill_n(pixel, s.channels, fill);
          continue;
        }
        double floorX = std::floor(x), floorY = std::floor(y);
        int64_t left = static_cast<int64_t>(floorX), top = static_cast<int64_t>(floorY);
        float right = static_cast<float>(x - floorX), bottom = static_cast<float>(y - floorY);
        bool hasLeft = left >= 0, hasRight = left + 1 < s.width, hasTop = top >= 0, hasBottom = top + 1 < s.height;
        const float* corner = image + top * rowSize + left * s.channels;
        for (int64_t c = 0; c < s.channels; ++c) {
          float topLeft = hasTop && hasLeft ? corner[c] : fill;
          float topRight = hasTop && hasRight ? corner[s.channels + c] : fill;
          float bottomLeft = hasBottom && hasLeft ? corner[rowSize + c] : fill;
          float bottomRight = hasBottom && hasRight ? corner[rowSize + s.channels + c] : fill;
          float above = (1 - right) * topLeft + right * topRight;
          float below = (1 - right) * bottomLeft + right * bottomRight;
          pixel[c] = (1 - bottom) * above + bottom * below;
        }
      }
    }
  });
}

}  // namespace simclr
