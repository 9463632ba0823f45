// Tensors' storage as JavaScript knows it: a number that names a slot and its generation, so that a stale
// number is an error and never a stranger's memory.
#pragma once

#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "runtime/bfloat16.h"
#include "runtime/pool.h"

namespace simclr {

/// bfloat16 is how a float32 tensor may be held; JavaScript never sees it.
enum class DType : int32_t { kFloat32 = 0, kInt32 = 1, kBool = 2, kBfloat16 = 3 };

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType value = DType::kFloat32;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr DType value = DType::kInt32;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::kBool;
};

template <>
struct DTypeOf<BFloat16> {
  static constexpr DType value = DType::kBfloat16;
};

inline size_t SizeOf(DType dtype) { return dtype == DType::kBool ? 1 : dtype == DType::kBfloat16 ? 2 : 4; }
const char* NameOf(DType dtype);

/// An integer below 2^48, exact as a JavaScript number.
using Handle = int64_t;

class Buffers {
 public:
  struct View {
    void* data;
    int64_t count;
    DType dtype;
  };

  static Buffers& Get();
  Handle Adopt(Block block, int64_t count, DType dtype);
  /// Throws std::invalid_argument if the handle is not live.
  View Find(Handle handle);
  void Free(Handle handle);
  /// Frees what the calling thread's JavaScript has not, when that ends.
  void FreeOwned();
  int64_t live();

 private:
  struct Slot {
    Block block;
    int64_t count = 0;
    DType dtype = DType::kFloat32;
    uint32_t generation = 1;
    uint32_t owner = 0;  // the thread that made it
    bool used = false;
  };
  Slot& At(Handle handle);
  void Vacate(uint32_t index);

  std::mutex mutex_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> freeSlots_;
};

/// A kernel's result: pool memory that becomes a handle with Release(), or is given back if the kernel throws.
template <class T>
class Output {
 public:
  explicit Output(int64_t count) : block_(Pool::Get().Allocate(static_cast<size_t>(count) * sizeof(T))), count_(count) {}
  T* data() const { return block_.As<T>(); }
  int64_t count() const { return count_; }
  Handle Release() { return Buffers::Get().Adopt(std::move(block_), count_, DTypeOf<T>::value); }

 private:
  Block block_;
  int64_t count_;
};

}  // namespace simclr
