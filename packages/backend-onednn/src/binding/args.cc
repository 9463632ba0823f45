#include "binding/args.h"

#include <cmath>

namespace simclr {
namespace {

/// Appends the numbers of an array to `values`; false where it is none. Straight through N-API: shapes are read at
/// every call.
template <class T, class Convert>
bool ReadArray(napi_env env, napi_value array, std::vector<T>& values, const Convert& convert) {
  uint32_t length = 0;
  if (napi_get_array_length(env, array, &length) != napi_ok) return false;
  values.reserve(length);
  for (uint32_t k = 0; k < length; ++k) {
    napi_value element;
    double number = 0;
    if (napi_get_element(env, array, k, &element) != napi_ok) return false;
    if (napi_get_value_double(env, element, &number) != napi_ok) return false;
    T value{};
    if (!convert(number, &value)) return false;
    values.push_back(value);
  }
  return true;
}

bool ToInteger(double number, int64_t* value) {
  if (!(std::abs(number) < 9007199254740992.0) || number != std::floor(number)) return false;
  *value = static_cast<int64_t>(number);
  return true;
}

}  // namespace

void Args::Fail(size_t i, const std::string& wanted) const {
  throw Napi::TypeError::New(env(), std::string(kernel_) + ": argument " + std::to_string(i) + " must be " + wanted);
}

double Args::Number(size_t i) const {
  double value = 0;
  if (i >= info_.Length() || napi_get_value_double(env(), info_[i], &value) != napi_ok) Fail(i, "a number");
  return value;
}

int64_t Args::Int(size_t i) const {
  double value = Number(i);
  int64_t integer = 0;
  if (!ToInteger(value, &integer)) Fail(i, "an integer");
  return integer;
}

bool Args::Flag(size_t i) const {
  if (i >= info_.Length() || !info_[i].IsBoolean()) Fail(i, "a boolean");
  return info_[i].As<Napi::Boolean>().Value();
}

std::string Args::Text(size_t i) const {
  if (i >= info_.Length() || !info_[i].IsString()) Fail(i, "a string");
  return info_[i].As<Napi::String>().Utf8Value();
}

std::vector<double> Args::Numbers(size_t i) const {
  auto copy = [](double number, double* value) { return *value = number, true; };
  std::vector<double> values;
  if (i >= info_.Length() || !ReadArray(env(), info_[i], values, copy)) Fail(i, "an array of numbers");
  return values;
}

std::vector<int64_t> Args::Ints(size_t i) const {
  std::vector<int64_t> values;
  if (i >= info_.Length() || !ReadArray(env(), info_[i], values, ToInteger)) Fail(i, "an array of integers");
  return values;
}

std::vector<int64_t> Args::Shape(size_t i) const {
  double size = 0;
  if (i >= info_.Length() || napi_get_value_double(env(), info_[i], &size) != napi_ok) return Ints(i);
  return {Int(i)};
}

std::vector<int64_t> Args::Ints(size_t i, size_t count) const {
  std::vector<int64_t> values = Ints(i);
  if (values.size() != count) Fail(i, "an array of " + std::to_string(count) + " integers");
  return values;
}

Buffers::View Args::Held(size_t i) const {
  try {
    return Buffers::Get().Find(Int(i));
  } catch (const std::invalid_argument& error) {
    Fail(i, std::string("live storage: ") + error.what());
  }
}

Buffers::View Args::Converted(const Buffers::View& view, DType dtype) const {
  if (view.dtype == dtype) return view;
  for (const auto& [from, block] : converted_) {
    if (from == view.data) return {block.data(), view.count, dtype};
  }
  Block block = Pool::Get().Allocate(static_cast<size_t>(view.count) * SizeOf(dtype));
  if (dtype == DType::kFloat32) {
    Convert(static_cast<const BFloat16*>(view.data), view.count, block.As<float>());
  } else {
    Convert(static_cast<const float*>(view.data), view.count, block.As<BFloat16>());
  }
  converted_.emplace_back(view.data, std::move(block));
  return {converted_.back().second.data(), view.count, dtype};
}

Buffers::View Args::Storage(size_t i) const {
  Buffers::View view = Held(i);
  return view.dtype == DType::kBfloat16 ? Converted(view, DType::kFloat32) : view;
}

std::vector<Buffers::View> Args::Storages(size_t i) const {
  std::vector<Buffers::View> views;
  for (int64_t handle : Ints(i)) {
    Buffers::View view = Buffers::Get().Find(handle);
    views.push_back(view.dtype == DType::kBfloat16 ? Converted(view, DType::kFloat32) : view);
  }
  return views;
}

const void* Args::Checked(size_t i, int64_t count, DType dtype) const {
  auto isReal = [](DType type) { return type == DType::kFloat32 || type == DType::kBfloat16; };
  Buffers::View view = Held(i);
  if (view.dtype != dtype && view.count == count && isReal(view.dtype) && isReal(dtype)) view = Converted(view, dtype);
  if (view.dtype != dtype || view.count != count) {
    Fail(i, std::to_string(count) + " values of " + NameOf(dtype) + "; received " + std::to_string(view.count) +
                " of " + NameOf(view.dtype));
  }
  return view.data;
}

}  // namespace simclr
