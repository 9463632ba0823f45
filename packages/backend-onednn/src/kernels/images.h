// Batch augmentations: one transformation per image, NHWC float32.
#pragma once

#include <cstdint>

namespace simclr {

struct ResampleShape {
  int64_t batch, height, width, channels;
  int64_t outHeight, outWidth;
  int64_t rowTaps, columnTaps;
};

/// out[n,i,j,c] = sum_k sum_l rowWeight[n,i,k] columnWeight[n,j,l] images[n, rowIndex[n,i,k], columnIndex[n,j,l], c].
/// Throws std::out_of_range for an index outside the image.
void SeparableResample(const ResampleShape& shape, const float* images, const int32_t* rowIndex, const float* rowWeight,
                       const int32_t* columnIndex, const float* columnWeight, float* out);

/// Brightness (0), contrast (1), saturation (2), hue (3), in each image's own order, -1 for none; clipped to [0, 1]
/// after each. factors and order are [batch, 4]; factors by operation. Brightness multiplies, or adds.
void ColorJitter(int64_t batch, int64_t pixels, bool additiveBrightness, const float* images, const float* factors,
                 const int32_t* order, float* out);

struct ImageShape {
  int64_t batch, height, width, channels;
};

/// Each image turned counter-clockwise about its centre, bilinear, `fill` outside. rotation is [batch, 2]: cosine, sine.
void RotateImages(const ImageShape& shape, const float* images, const float* rotation, float fill, float* out);

/// Each channel of each image spread over [0, 1] by its histogram of 256 levels, in Pillow's whole numbers; one whose step
/// would be 0 stays as it is.
void EqualizeImages(int64_t batch, int64_t pixels, int64_t channels, const float* images, float* out);

}  // namespace simclr
