// Resizing of NHWC images, bilinear (float32) or to the nearest pixel, the gradients, and resized crops.
#pragma once

#include <cstdint>

namespace simclr {

struct ResizeShape {
  int64_t batch, height, width, channels;
  int64_t outHeight, outWidth;
  bool alignCorners, halfPixelCenters;
};

/// All sizes of the images are > 0.
void ResizeBilinear(const ResizeShape& shape, const float* images, float* out);

/// The adjoint of ResizeBilinear, so true for every setting: dy [batch, outHeight, outWidth, channels] -> dx.
void ResizeBilinearGrad(const ResizeShape& shape, const float* dy, float* dx);

/// T is float or int32_t.
template <class T>
void ResizeNearest(const ResizeShape& shape, const T* images, T* out);

/// The adjoint of ResizeNearest for every setting: each dy is added to the pixel that it was read from.
void ResizeNearestGrad(const ResizeShape& shape, const float* dy, float* dx);

struct CropShape {
  int64_t batch, height, width, channels;
  int64_t boxes, outHeight, outWidth;
  bool nearest;
  float outside;
};

/// boxes are [boxes, 4]: y1, x1, y2, x2 in [0, 1] of height - 1 and width - 1, reversed ones flip. What lies outside the
/// image is `outside`; a box of an image that does not exist is 0.
void CropAndResize(const CropShape& shape, const float* images, const float* boxes, const int32_t* image, float* out);

}  // namespace simclr
