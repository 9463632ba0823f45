#include <cmath>
#include <limits>

#include "kernels/images.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

SIMCLR_INLINE inline float Clip(float v) { return v < 0 ? 0 : (v > 1 ? 1 : v); }

SIMCLR_INLINE inline void Brightness(float* plane, int64_t count, float factor, bool additive) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) plane[i] = Clip(additive ? plane[i] + factor : plane[i] * factor);
}

/// (x - mean) * factor + mean, with the mean of this channel of this image.
SIMCLR_INLINE inline void Contrast(float* plane, int64_t count, float factor) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += plane[i];
  float mean = static_cast<float>(sum / static_cast<double>(count));
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) plane[i] = Clip((plane[i] - mean) * factor + mean);
}

/// Saturation times `factor`, at most `limit`, hue plus `turn` (fraction of a full turn), by way of TensorFlow's HSV.
SIMCLR_INLINE inline void SaturationAndHue(float* red, float* green, float* blue, int64_t count, float factor,
                                           float limit, float turn) {
#pragma omp simd
  for (int64_t i = 0; i < count; ++i) {
    float r = red[i], g = green[i], b = blue[i];
    float value = r > g ? r : g;
    value = value > b ? value : b;
    float least = r < g ? r : g;
    least = least < b ? least : b;
    float range = value - least;
    float saturation = value > 0 ? range / (value > 0 ? value : 1.0f) : 0.0f;
    float unit = 1.0f / (6.0f * (range > 0 ? range : 1.0f));
    float hue = r == value ? unit * (g - b) : (g == value ? unit * (b - r) + 2.0f / 6.0f : unit * (r - g) + 4.0f / 6.0f);
    hue = range > 0 ? hue : 0.0f;
    hue += turn;
    hue -= std::floor(hue);
    saturation *= factor;
    saturation = saturation < 0 ? 0 : (saturation > limit ? limit : saturation);
    float h = hue * 6.0f, rest = 1.0f - saturation;
    red[i] = Clip((rest + saturation * Clip(std::fabs(h - 3.0f) - 1.0f)) * value);
    green[i] = Clip((rest + saturation * Clip(2.0f - std::fabs(h - 2.0f))) * value);
    blue[i] = Clip((rest + saturation * Clip(2.0f - std::fabs(h - 4.0f))) * value);
  }
}

SIMCLR_INLINE inline void JitterImage(int64_t pixels, bool additive, const float* image, const float* factors,
                                      const int32_t* order, float* planes, float* out) {
  float *red = planes, *green = planes + pixels, *blue = planes + 2 * pixels;
  for (int64_t i = 0; i < pixels; ++i) {
    red[i] = image[3 * i];
    green[i] = image[3 * i + 1];
    blue[i] = image[3 * i + 2];
  }
  for (int step = 0; step < 4; ++step) {
    switch (order[step]) {
      case 0:
        Brightness(planes, 3 * pixels, factors[0], additive);
        break;
      case 1:
        for (int channel = 0; channel < 3; ++channel) Contrast(planes + channel * pixels, pixels, factors[1]);
        break;
      case 2:
        SaturationAndHue(red, green, blue, pixels, factors[2], 1.0f, 0.0f);
        break;
      case 3:
        // A channel below 0, as a bicubic resize may leave, has a saturation above 1, which a turn of hue keeps.
        SaturationAndHue(red, green, blue, pixels, 1.0f, std::numeric_limits<float>::max(), factors[3]);
        break;
      default:
        break;
    }
  }
  for (int64_t i = 0; i < pixels; ++i) {
    out[3 * i] = red[i];
    out[3 * i + 1] = green[i];
    out[3 * i + 2] = blue[i];
  }
}

}  // namespace

void ColorJitter(int64_t batch, int64_t pixels, bool additiveBrightness, const float* images, const float* factors,
                 const int32_t* order, float* out) {
  ParallelFor(batch, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> planes(static_cast<size_t>(3 * pixels));
    for (int64_t n = begin; n < end; ++n) {
      JitterImage(pixels, additiveBrightness, images + 3 * n * pixels, factors + 4 * n, order + 4 * n, planes.data(),
                  out + 3 * n * pixels);
    }
  });
}

}  // namespace simclr
