#include "kernels/resize.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

/// [batch, height, width, channels, outHeight, outWidth], alignCorners, halfPixelCenters, from argument 1 on
ResizeShape ShapeOf(const Args& args) {
  std::vector<int64_t> v = args.Ints(1, 6);
  for (size_t d = 0; d < 6; ++d) {
    if (v[d] < (d < 4 ? 1 : 0)) args.Fail(1, "sizes of images >= 1 and of results >= 0");
  }
  return {v[0], v[1], v[2], v[3], v[4], v[5], args.Flag(2), args.Flag(3)};
}

/// ResizeBilinear(images, sizes, alignCorners, halfPixelCenters) -> out
Napi::Value BoundResize(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeBilinear");
  ResizeShape s = ShapeOf(args);
  const float* images = args.Data<float>(0, s.batch * s.height * s.width * s.channels);
  Output<float> out(s.batch * s.outHeight * s.outWidth * s.channels);
  ResizeBilinear(s, images, out.data());
  return Return(args, out);
}

/// ResizeBilinearGrad(dy, sizes, alignCorners, halfPixelCenters) -> dx
Napi::Value BoundResizeGrad(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeBilinearGrad");
  ResizeShape s = ShapeOf(args);
  const float* dy = args.Data<float>(0, s.batch * s.outHeight * s.outWidth * s.channels);
  Output<float> dx(s.batch * s.height * s.width * s.channels);
  ResizeBilinearGrad(s, dy, dx.data());
  return Return(args, dx);
}

/// CropAndResize(images, boxes, image of each box, [batch, height, width, channels, boxes, outHeight, outWidth],
///   nearest, outside) -> out
Napi::Value BoundCropAndResize(const Napi::CallbackInfo& info) {
  Args args(info, "CropAndResize");
  std::vector<int64_t> v = args.Ints(3, 7);
  for (size_t d = 0; d < 7; ++d) {
    if (v[d] < (d < 4 ? 1 : 0)) args.Fail(3, "sizes of images >= 1, other sizes >= 0");
  }
  CropShape s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], args.Flag(4), static_cast<float>(args.Number(5))};
  const float* images = args.Data<float>(0, s.batch * s.height * s.width * s.channels);
  const float* boxes = args.Data<float>(1, s.boxes * 4);
  const int32_t* image = args.Data<int32_t>(2, s.boxes);
  Output<float> out(s.boxes * s.outHeight * s.outWidth * s.channels);
  CropAndResize(s, images, boxes, image, out.data());
  return Return(args, out);
}

}  // namespace

void BindResize(Napi::Object kernels) {
  Export(kernels, "ResizeBilinear", BoundResize);
  Export(kernels, "ResizeBilinearGrad", BoundResizeGrad);
  Export(kernels, "CropAndResize", BoundCropAndResize);
}

}  // namespace simclr
