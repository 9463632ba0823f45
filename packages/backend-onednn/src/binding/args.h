// Arguments of a native call, checked: dtype and length before a pointer exists.
#pragma once

#include <napi.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/buffers.h"
#include "runtime/product.h"

namespace simclr {

class Args {
 public:
  Args(const Napi::CallbackInfo& info, const char* kernel) : info_(info), kernel_(kernel) {}

  Napi::Env env() const { return info_.Env(); }
  bool Has(size_t i) const { return i < info_.Length() && !info_[i].IsNull() && !info_[i].IsUndefined(); }
  double Number(size_t i) const;
  int64_t Int(size_t i) const;
  bool Flag(size_t i) const;
  std::string Text(size_t i) const;
  /// A list of integers, such as a shape.
  std::vector<int64_t> Ints(size_t i) const;
  /// As Ints, of exactly `count` items.
  std::vector<int64_t> Ints(size_t i, size_t count) const;
  /// A shape, or one number: that of all values, where nothing else about the shape matters.
  std::vector<int64_t> Shape(size_t i) const;
  std::vector<double> Numbers(size_t i) const;
  /// Storage of any dtype, as kernels that know nothing of bfloat16 see it: such values come as float32.
  Buffers::View Storage(size_t i) const;
  /// Storage as it is held.
  Buffers::View Held(size_t i) const;
  /// Whether it is held as bfloat16.
  bool IsBfloat16(size_t i) const { return Held(i).dtype == DType::kBfloat16; }
  /// `count` values of type T; float and BFloat16 are converted into each other, for this call, where they must be.
  template <class T>
  const T* Data(size_t i, int64_t count) const {
    return static_cast<const T*>(Checked(i, count, DTypeOf<T>::value));
  }
  /// As Data, or null where the argument is null.
  template <class T>
  const T* OptionalData(size_t i, int64_t count) const {
    return Has(i) ? Data<T>(i, count) : nullptr;
  }
  /// A list of storages, each as Storage gives it.
  std::vector<Buffers::View> Storages(size_t i) const;

  [[noreturn]] void Fail(size_t i, const std::string& wanted) const;

 private:
  const void* Checked(size_t i, int64_t count, DType dtype) const;
  Buffers::View Converted(const Buffers::View& view, DType dtype) const;
  const Napi::CallbackInfo& info_;
  const char* kernel_;
  /// Converted arguments and where they came from.
  mutable std::vector<std::pair<const void*, Block>> converted_;
};

/// Number of elements of a shape; see ProductOf.
inline int64_t Product(const std::vector<int64_t>& shape) { return ProductOf(shape); }

/// A handle as JavaScript sees it.
inline Napi::Value ToJs(Napi::Env env, Handle handle) { return Napi::Number::New(env, static_cast<double>(handle)); }

template <class T>
Napi::Value Return(const Args& args, Output<T>& output) {
  return ToJs(args.env(), output.Release());
}

/// Several results, as an array of handles.
template <class... T>
Napi::Value ReturnAll(const Args& args, Output<T>&... outputs) {
  Napi::Array array = Napi::Array::New(args.env());
  uint32_t i = 0;
  (array.Set(i++, ToJs(args.env(), outputs.Release())), ...);
  return array;
}

using NativeFunction = Napi::Value (*)(const Napi::CallbackInfo&);
inline void Export(Napi::Object exports, const char* name, NativeFunction function) {
  exports.Set(name, Napi::Function::New(exports.Env(), function, name));
}

}  // namespace simclr
