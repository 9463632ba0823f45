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

int64_t InputSize(const ResizeShape& s) { return Product({s.batch, s.height, s.width, s.channels}); }
int64_t OutputSize(const ResizeShape& s) { return Product({s.batch, s.outHeight, s.outWidth, s.channels}); }

/// ResizeBilinear(images, sizes, alignCorners, halfPixelCenters) -> out
Napi::Value BoundResize(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeBilinear");
  ResizeShape s = ShapeOf(args);
  const float* images = args.Data<float>(0, InputSize(s));
  Output<float> out(OutputSize(s));
  ResizeBilinear(s, images, out.data());
  return Return(args, out);
}

/// ResizeBilinearGrad(dy, sizes, alignCorners, halfPixelCenters) -> dx
Napi::Value BoundResizeGrad(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeBilinearGrad");
  ResizeShape s = ShapeOf(args);
  const float* dy = args.Data<float>(0, OutputSize(s));
  Output<float> dx(InputSize(s));
  ResizeBilinearGrad(s, dy, dx.data());
  return Return(args, dx);
}

template <class T>
Napi::Value RunResizeNearest(const Args& args, const ResizeShape& s) {
  const T* images = args.Data<T>(0, InputSize(s));
  Output<T> out(OutputSize(s));
  ResizeNearest(s, images, out.data());
  return Return(args, out);
}

/// ResizeNearestNeighbor(images, sizes, alignCorners, halfPixelCenters) -> out
Napi::Value BoundResizeNearest(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeNearestNeighbor");
  ResizeShape s = ShapeOf(args);
  if (args.Storage(0).dtype == DType::kInt32) return RunResizeNearest<int32_t>(args, s);
  return RunResizeNearest<float>(args, s);
}

/// ResizeNearestNeighborGrad(dy, sizes, alignCorners, halfPixelCenters) -> dx
Napi::Value BoundResizeNearestGrad(const Napi::CallbackInfo& info) {
  Args args(info, "ResizeNearestNeighborGrad");
  ResizeShape s = ShapeOf(args);
  const float* dy = args.Data<float>(0, OutputSize(s));
  Output<float> dx(InputSize(s));
  ResizeNearestGrad(s, dy, dx.data());
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
  const float* images = args.Data<float>(0, Product({s.batch, s.height, s.width, s.channels}));
  const float* boxes = args.Data<float>(1, Product({s.boxes, 4}));
  const int32_t* image = args.Data<int32_t>(2, s.boxes);
  Output<float> out(Product({s.boxes, s.outHeight, s.outWidth, s.channels}));
  CropAndResize(s, images, boxes, image, out.data());
  return Return(args, out);
}

}  // namespace

void BindResize(Napi::Object kernels) {
  Export(kernels, "ResizeBilinear", BoundResize);
  Export(kernels, "ResizeBilinearGrad", BoundResizeGrad);
  Export(kernels, "ResizeNearestNeighbor", BoundResizeNearest);
  Export(kernels, "ResizeNearestNeighborGrad", BoundResizeNearestGrad);
  Export(kernels, "CropAndResize", BoundCropAndResize);
}

}  // namespace simclr
