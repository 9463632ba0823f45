// Storage, threads and facts about the library.
#include <dnnl.hpp>

#include <cstring>

#include "binding/args.h"
#include "binding/bindings.h"
#include "runtime/parallel.h"
#include "runtime/primitive.h"

namespace simclr {
namespace {

DType DTypeOfArray(napi_typedarray_type type, const Args& args) {
  switch (type) {
    case napi_float32_array:
      return DType::kFloat32;
    case napi_int32_array:
      return DType::kInt32;
    case napi_uint8_array:
    case napi_uint8_clamped_array:
      return DType::kBool;
    default:
      args.Fail(0, "a Float32Array, Int32Array or Uint8Array");
  }
}

Napi::Value Write(const Napi::CallbackInfo& info) {
  Args args(info, "write");
  if (!args.Has(0) || !info[0].IsTypedArray()) args.Fail(0, "a typed array");
  Napi::TypedArray array = info[0].As<Napi::TypedArray>();
  DType dtype = DTypeOfArray(array.TypedArrayType(), args);
  size_t bytes = array.ByteLength();
  Block block = Pool::Get().Allocate(bytes);
  if (bytes) {
    const char* source = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
    std::memcpy(block.data(), source, bytes);
  }
  return ToJs(args.env(), Buffers::Get().Adopt(std::move(block), static_cast<int64_t>(array.ElementLength()), dtype));
}

Napi::Value Read(const Napi::CallbackInfo& info) {
  Args args(info, "read");
  Buffers::View view = args.Storage(0);
  size_t count = static_cast<size_t>(view.count), bytes = count * SizeOf(view.dtype);
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(args.env(), bytes);
  if (bytes) std::memcpy(buffer.Data(), view.data, bytes);
  switch (view.dtype) {
    case DType::kFloat32:
      return Napi::Float32Array::New(args.env(), count, buffer, 0);
    case DType::kInt32:
      return Napi::Int32Array::New(args.env(), count, buffer, 0);
    default:
      return Napi::Uint8Array::New(args.env(), count, buffer, 0);
  }
}

Napi::Value SizeInBytes(const Napi::CallbackInfo& info) {
  Args args(info, "sizeInBytes");
  Buffers::View view = args.Held(0);
  return Napi::Number::New(args.env(), static_cast<double>(view.count) * static_cast<double>(SizeOf(view.dtype)));
}

Napi::Value Free(const Napi::CallbackInfo& info) {
  Args args(info, "free");
  Buffers::Get().Free(args.Int(0));
  return args.env().Undefined();
}

Napi::Value Trim(const Napi::CallbackInfo& info) {
  Pool::Get().Trim();
  return info.Env().Undefined();
}

/// setMemoryLimit(bytes), 0 for none
Napi::Value SetMemoryLimit(const Napi::CallbackInfo& info) {
  Args args(info, "setMemoryLimit");
  int64_t bytes = args.Int(0);
  if (bytes < 0) args.Fail(0, "a number of bytes >= 0");
  Pool::Get().SetLimit(static_cast<size_t>(bytes));
  return args.env().Undefined();
}

Napi::Value MemoryStats(const Napi::CallbackInfo& info) {
  PoolStats stats = Pool::Get().Stats();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("reservedBytes", static_cast<double>(stats.reserved));
  result.Set("usedBytes", static_cast<double>(stats.inUse));
  result.Set("peakBytes", static_cast<double>(stats.peak));
  result.Set("buffers", static_cast<double>(Buffers::Get().live()));
  result.Set("primitives", static_cast<double>(CachedOperations()));
  return result;
}

Napi::Value SetThreadCount(const Napi::CallbackInfo& info) {
  Args args(info, "setThreads");
  int64_t threads = args.Int(0);
  if (threads < 1 || threads > 1024) args.Fail(0, "between 1 and 1024");
  if (ThreadsAreSet() && threads != Threads()) ForgetOperations();
  SetThreads(static_cast<int>(threads));
  return args.env().Undefined();
}

const char* IsaName(dnnl::cpu_isa isa) {
  switch (isa) {
    case dnnl::cpu_isa::sse41:
      return "sse4.1";
    case dnnl::cpu_isa::avx:
      return "avx";
    case dnnl::cpu_isa::avx2:
      return "avx2";
    case dnnl::cpu_isa::avx2_vnni:
      return "avx2+vnni";
    case dnnl::cpu_isa::avx512_core:
      return "avx512";
    case dnnl::cpu_isa::avx512_core_vnni:
      return "avx512+vnni";
    case dnnl::cpu_isa::avx512_core_bf16:
      return "avx512+bf16";
    case dnnl::cpu_isa::avx512_core_amx:
      return "avx512+amx";
    default:
      return "generic";
  }
}

Napi::Value Info(const Napi::CallbackInfo& info) {
  const dnnl_version_t* version = dnnl_version();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("version", std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
                            std::to_string(version->patch));
  result.Set("isa", IsaName(dnnl::get_effective_cpu_isa()));
  result.Set("ownIsa", NameOf(kIsa));
  result.Set("threads", ThreadsAreSet() ? Threads() : 0);
  result.Set("bfloat16", MultipliesBfloat16());
  return result;
}

}  // namespace

void BindMemory(Napi::Object exports) {
  Export(exports, "write", Write);
  Export(exports, "read", Read);
  Export(exports, "sizeInBytes", SizeInBytes);
  Export(exports, "free", Free);
  Export(exports, "trim", Trim);
  Export(exports, "memoryStats", MemoryStats);
  Export(exports, "setMemoryLimit", SetMemoryLimit);
  Export(exports, "setThreads", SetThreadCount);
  Export(exports, "info", Info);
}

}  // namespace simclr
