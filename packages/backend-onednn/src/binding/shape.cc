#include <cmath>
#include <limits>

#include "binding/args.h"
#include "binding/bindings.h"
#include "kernels/add_n.h"
#include "kernels/gather.h"
#include "kernels/pad.h"
#include "kernels/strided_copy.h"

namespace simclr {
namespace {

/// run(a value of the C++ type of dtype)
template <class Run>
Napi::Value ByDType(DType dtype, const Run& run) {
  if (dtype == DType::kFloat32) return run(float{});
  if (dtype == DType::kInt32) return run(int32_t{});
  return run(uint8_t{});
}

std::vector<int64_t> Sizes(const Args& args, size_t i) {
  std::vector<int64_t> sizes = args.Ints(i);
  for (int64_t size : sizes) {
    if (size < 0) args.Fail(i, "sizes >= 0");
  }
  return sizes;
}

std::vector<int64_t> Sizes(const Args& args, size_t i, size_t count) {
  if (args.Ints(i).size() != count) args.Fail(i, "an array of " + std::to_string(count) + " sizes");
  return Sizes(args, i);
}

/// A number as a value of type T: bools are 0 or 1, int32 is kept in its range.
template <class T>
T ValueOf(double number) {
  if (std::is_same_v<T, uint8_t>) return number != 0;
  if (std::is_same_v<T, int32_t>) {
    if (std::isnan(number)) return 0;
    double low = std::numeric_limits<int32_t>::min(), high = std::numeric_limits<int32_t>::max();
    return static_cast<T>(number < low ? low : number > high ? high : number);
  }
  return static_cast<T>(number);
}

/// StridedCopy(x, first element, sizes, strides) -> dense y of these sizes
Napi::Value BoundStridedCopy(const Napi::CallbackInfo& info) {
  Args args(info, "StridedCopy");
  Buffers::View source = args.Storage(0);
  int64_t first = args.Int(1);
  std::vector<int64_t> sizes = Sizes(args, 2), strides = args.Ints(3, sizes.size());
  std::vector<CopyDim> dims(sizes.size());
  Product(sizes);  // throws where it overflows
  int64_t dense = 1;
  __int128 low = first, high = first;  // strides may be anything
  for (size_t d = sizes.size(); d-- > 0;) {
    dims[d] = {sizes[d], strides[d], dense};
    dense *= sizes[d];
    (strides[d] < 0 ? low : high) += static_cast<__int128>(sizes[d] - 1) * strides[d];
  }
  if (dense > 0 && (low < 0 || high >= source.count)) args.Fail(3, "strides that stay inside the storage");
  CopyPlan plan = PlanCopy(dims);
  return ByDType(source.dtype, [&](auto tag) {
    using T = decltype(tag);
    Output<T> y(plan.count);
    StridedCopy(plan, static_cast<const T*>(source.data) + first, y.data());
    return Return(args, y);
  });
}

/// Concat([x...], widths, rows) -> y [rows, sum of widths] of x [rows, width]
Napi::Value BoundConcat(const Napi::CallbackInfo& info) {
  Args args(info, "Concat");
  std::vector<Buffers::View> inputs = args.Storages(0);
  if (inputs.empty()) args.Fail(0, "at least one tensor");
  std::vector<int64_t> widths = Sizes(args, 1, inputs.size());
  int64_t rows = args.Int(2), total = 0;
  if (rows < 0) args.Fail(2, "a number of rows");
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (inputs[k].dtype != inputs[0].dtype || inputs[k].count != Product({rows, widths[k]})) {
      args.Fail(0, "tensors of one dtype and of these widths");
    }
    total += widths[k];
  }
  return ByDType(inputs[0].dtype, [&](auto tag) {
    using T = decltype(tag);
    Output<T> y(Product({rows, total}));
    int64_t offset = 0;
    for (size_t k = 0; k < inputs.size(); ++k) {
      CopyPlan plan = PlanCopy({{rows, widths[k], total}, {widths[k], 1, 1}});
      StridedCopy(plan, static_cast<const T*>(inputs[k].data), y.data() + offset);
      offset += widths[k];
    }
    return Return(args, y);
  });
}

/// Pad(x, shape, before, after, value) -> y
Napi::Value BoundPad(const Napi::CallbackInfo& info) {
  Args args(info, "Pad");
  std::vector<int64_t> shape = Sizes(args, 1);
  std::vector<int64_t> before = Sizes(args, 2, shape.size()), after = Sizes(args, 3, shape.size());
  std::vector<PadDim> dims(shape.size());
  std::vector<int64_t> totals;
  for (size_t d = 0; d < dims.size(); ++d) {
    dims[d] = {before[d], shape[d], after[d]};
    totals.push_back(dims[d].Total());
  }
  int64_t count = Product(totals);
  return ByDType(args.Storage(0).dtype, [&](auto tag) {
    using T = decltype(tag);
    const T* x = args.Data<T>(0, Product(shape));
    Output<T> y(count);
    Pad(dims, x, ValueOf<T>(args.Number(4)), y.data());
    return Return(args, y);
  });
}

/// GatherV2(x, indices, [batch, outer, size, indices, slice]) -> y
Napi::Value BoundGather(const Napi::CallbackInfo& info) {
  Args args(info, "GatherV2");
  std::vector<int64_t> v = Sizes(args, 2, 5);
  GatherShape s{v[0], v[1], v[2], v[3], v[4]};
  const int32_t* indices = args.Data<int32_t>(1, Product({s.batch, s.indices}));
  return ByDType(args.Storage(0).dtype, [&](auto tag) {
    using T = decltype(tag);
    const T* x = args.Data<T>(0, Product({s.batch, s.outer, s.size, s.slice}));
    Output<T> y(Product({s.batch, s.outer, s.indices, s.slice}));
    Gather(s, x, indices, y.data());
    return Return(args, y);
  });
}

/// OneHot(indices, count, depth, on, off, dtype) -> y
Napi::Value BoundOneHot(const Napi::CallbackInfo& info) {
  Args args(info, "OneHot");
  int64_t count = args.Int(1), depth = args.Int(2);
  if (depth < 0) args.Fail(2, "a depth >= 0");
  const int32_t* indices = args.Data<int32_t>(0, count);
  double on = args.Number(3), off = args.Number(4);
  std::string name = args.Text(5);
  auto run = [&](auto tag) -> Napi::Value {
    using T = decltype(tag);
    Output<T> y(Product({count, depth}));
    OneHot(indices, count, depth, ValueOf<T>(on), ValueOf<T>(off), y.data());
    return Return(args, y);
  };
  for (DType dtype : {DType::kFloat32, DType::kInt32, DType::kBool}) {
    if (name == NameOf(dtype)) return ByDType(dtype, run);
  }
  args.Fail(5, "float32, int32 or bool");
}

/// UnsortedSegmentSum(x, ids, [rows, width, segments]) -> y
Napi::Value BoundSegmentSum(const Napi::CallbackInfo& info) {
  Args args(info, "UnsortedSegmentSum");
  std::vector<int64_t> v = Sizes(args, 2, 3);
  const float* x = args.Data<float>(0, Product({v[0], v[1]}));
  const int32_t* ids = args.Data<int32_t>(1, v[0]);
  Output<float> y(Product({v[2], v[1]}));
  SegmentSum(x, ids, v[0], v[1], v[2], y.data());
  return Return(args, y);
}

template <class T>
Napi::Value RunAddN(const Args& args, const std::vector<Buffers::View>& inputs) {
  std::vector<const T*> xs;
  for (const Buffers::View& x : inputs) {
    if (x.dtype != DTypeOf<T>::value || x.count != inputs[0].count) args.Fail(0, "tensors of one dtype and size");
    xs.push_back(static_cast<const T*>(x.data));
  }
  Output<T> y(inputs[0].count);
  AddN(xs, y.count(), y.data());
  return Return(args, y);
}

/// AddN([x...]) -> y
Napi::Value BoundAddN(const Napi::CallbackInfo& info) {
  Args args(info, "AddN");
  std::vector<Buffers::View> inputs = args.Storages(0);
  if (inputs.empty()) args.Fail(0, "at least one tensor");
  if (inputs[0].dtype == DType::kInt32) return RunAddN<int32_t>(args, inputs);
  return RunAddN<float>(args, inputs);
}

}  // namespace

void BindShape(Napi::Object kernels) {
  Export(kernels, "StridedCopy", BoundStridedCopy);
  Export(kernels, "Concat", BoundConcat);
  Export(kernels, "Pad", BoundPad);
  Export(kernels, "GatherV2", BoundGather);
  Export(kernels, "OneHot", BoundOneHot);
  Export(kernels, "UnsortedSegmentSum", BoundSegmentSum);
  Export(kernels, "AddN", BoundAddN);
}

}  // namespace simclr
