#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kernels/images.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

constexpr int kLevels = 256;

/// Halves go to the even level, as they do in tfjs. NaN is black.
SIMCLR_INLINE inline uint8_t Level(float v) {
  float clipped = v > 0 ? (v < 1 ? v : 1.0f) : 0.0f;
  return static_cast<uint8_t>(std::nearbyint(clipped * (kLevels - 1)));
}

}  // namespace

void EqualizeImages(int64_t batch, int64_t pixels, int64_t channels, const float* images, float* out) {
  if (pixels == 0) return;
  ParallelFor(batch, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<uint8_t> levels(static_cast<size_t>(pixels));
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t c = 0; c < channels; ++c) {
        const float* from = images + n * pixels * channels + c;
        float* to = out + n * pixels * channels + c;
        int64_t histogram[kLevels] = {};
        int brightest = 0;
        for (int64_t i = 0; i < pixels; ++i) {
          uint8_t level = Level(from[i * channels]);
          levels[static_cast<size_t>(i)] = level;
          ++histogram[level];
          brightest = std::max<int>(brightest, level);
        }
        int64_t step = (pixels - histogram[brightest]) / (kLevels - 1);
        if (step == 0) {
          for (int64_t i = 0; i < pixels; ++i) to[i * channels] = from[i * channels];
          continue;
        }
        float table[kLevels];
        int64_t darker = step / 2;
        for (int level = 0; level < kLevels; ++level) {
          table[level] = static_cast<float>(std::min<int64_t>(kLevels - 1, darker / step)) / (kLevels - 1);
          darker += histogram[level];
        }
        for (int64_t i = 0; i < pixels; ++i) to[i * channels] = table[levels[static_cast<size_t>(i)]];
      }
    }
  });
}

}  // namespace simclr
