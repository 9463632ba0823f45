#include "binding/args.h"

#include <cmath>

namespace simclr {

void Args::Fail(size_t i, const std::string& wanted) const {
  throw Napi::TypeError::New(env(), std::string(kernel_) + ": argument " + std::to_string(i) + " must be " + wanted);
}

double Args::Number(size_t i) const {
  if (i >= info_.Length() || !info_[i].IsNumber()) Fail(i, "a number");
  return info_[i].As<Napi::Number>().DoubleValue();
}

int64_t Args::Int(size_t i) const {
  double value = Number(i);
  if (!(std::abs(value) < 9007199254740992.0) || value != std::floor(value)) Fail(i, "an integer");
  return static_cast<int64_t>(value);
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
  if (i >= info_.Length() || !info_[i].IsArray()) Fail(i, "an array of numbers");
  Napi::Array array = info_[i].As<Napi::Array>();
  std::vector<double> values(array.Length());
  for (uint32_t k = 0; k < values.size(); ++k) {
    Napi::Value value = array.Get(k);
    if (!value.IsNumber()) Fail(i, "an array of numbers");
    values[k] = value.As<Napi::Number>().DoubleValue();
  }
  return values;
}

std::vector<int64_t> Args::Ints(size_t i) const {
  std::vector<double> numbers = Numbers(i);
  std::vector<int64_t> values(numbers.size());
  for (size_t k = 0; k < values.size(); ++k) {
    if (!(std::abs(numbers[k]) < 9007199254740992.0) || numbers[k] != std::floor(numbers[k])) {
      Fail(i, "an array of integers");
    }
    values[k] = static_cast<int64_t>(numbers[k]);
  }
  return values;
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
