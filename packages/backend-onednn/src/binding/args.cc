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

Buffers::View Args::Storage(size_t i) const {
  try {
    return Buffers::Get().Find(Int(i));
  } catch (const std::invalid_argument& error) {
    Fail(i, std::string("live storage: ") + error.what());
  }
}

std::vector<Buffers::View> Args::Storages(size_t i) const {
  std::vector<Buffers::View> views;
  for (int64_t handle : Ints(i)) views.push_back(Buffers::Get().Find(handle));
  return views;
}

void* Args::Checked(size_t i, int64_t count, DType dtype) const {
  Buffers::View view = Storage(i);
  if (view.dtype != dtype || view.count != count) {
    Fail(i, std::to_string(count) + " values of " + NameOf(dtype) + "; received " + std::to_string(view.count) +
                " of " + NameOf(view.dtype));
  }
  return view.data;
}

}  // namespace simclr
