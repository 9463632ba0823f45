#include "kernels/images.h"

#include "binding/args.h"
#include "binding/bindings.h"

namespace simclr {
namespace {

/// SimclrSeparableResample(images, rowIndex, rowWeight, columnIndex, columnWeight,
///   [batch, height, width, channels, outHeight, outWidth, rowTaps, columnTaps]) -> out
Napi::Value BoundSeparableResample(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrSeparableResample");
  std::vector<int64_t> v = args.Ints(5, 8);
  for (int64_t size : v) {
    if (size < 0) args.Fail(5, "sizes >= 0");
  }
  if (v[6] < 1 || v[7] < 1) args.Fail(5, "at least one tap");
  ResampleShape s{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]};
  int64_t rows = Product({s.batch, s.outHeight}), columns = Product({s.batch, s.outWidth});
  const float* images = args.Data<float>(0, Product({s.batch, s.height, s.width, s.channels}));
  const int32_t* rowIndex = args.Data<int32_t>(1, Product({rows, s.rowTaps}));
  const float* rowWeight = args.Data<float>(2, Product({rows, s.rowTaps}));
  const int32_t* columnIndex = args.Data<int32_t>(3, Product({columns, s.columnTaps}));
  const float* columnWeight = args.Data<float>(4, Product({columns, s.columnTaps}));
  Output<float> out(Product({rows, s.outWidth, s.channels}));
  SeparableResample(s, images, rowIndex, rowWeight, columnIndex, columnWeight, out.data());
  return Return(args, out);
}

/// SimclrColorJitter(images, factors, order, [batch, pixels], additive) -> out
Napi::Value BoundColorJitter(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrColorJitter");
  std::vector<int64_t> sizes = args.Ints(3, 2);
  int64_t batch = sizes[0], pixels = sizes[1];
  if (batch < 0 || pixels < 0) args.Fail(3, "sizes >= 0");
  const float* images = args.Data<float>(0, Product({batch, pixels, 3}));
  const float* factors = args.Data<float>(1, Product({batch, 4}));
  const int32_t* order = args.Data<int32_t>(2, Product({batch, 4}));
  Output<float> out(Product({batch, pixels, 3}));
  ColorJitter(batch, pixels, args.Flag(4), images, factors, order, out.data());
  return Return(args, out);
}

/// SimclrRotate(images, rotation, [batch, height, width, channels], fill) -> out
Napi::Value BoundRotate(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrRotate");
  std::vector<int64_t> v = args.Ints(2, 4);
  for (int64_t size : v) {
    if (size < 0) args.Fail(2, "sizes >= 0");
  }
  ImageShape s{v[0], v[1], v[2], v[3]};
  int64_t count = s.batch * s.height * s.width * s.channels;
  const float* images = args.Data<float>(0, count);
  const float* rotation = args.Data<float>(1, s.batch * 2);
  Output<float> out(count);
  RotateImages(s, images, rotation, static_cast<float>(args.Number(3)), out.data());
  return Return(args, out);
}

/// SimclrEqualize(images, [batch, pixels, channels]) -> out
Napi::Value BoundEqualize(const Napi::CallbackInfo& info) {
  Args args(info, "SimclrEqualize");
  std::vector<int64_t> v = args.Ints(1, 3);
  for (int64_t size : v) {
    if (size < 0) args.Fail(1, "sizes >= 0");
  }
  int64_t count = v[0] * v[1] * v[2];
  const float* images = args.Data<float>(0, count);
  Output<float> out(count);
  EqualizeImages(v[0], v[1], v[2], images, out.data());
  return Return(args, out);
}

}  // namespace

void BindImages(Napi::Object kernels) {
  Export(kernels, "SimclrSeparableResample", BoundSeparableResample);
  Export(kernels, "SimclrColorJitter", BoundColorJitter);
  Export(kernels, "SimclrRotate", BoundRotate);
  Export(kernels, "SimclrEqualize", BoundEqualize);
}

}  // namespace simclr
