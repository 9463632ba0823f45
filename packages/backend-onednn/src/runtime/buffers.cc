#include "runtime/buffers.h"

#include <atomic>
#include <string>

namespace simclr {
namespace {
constexpr int kSlotBits = 24;
constexpr uint32_t kGenerationMask = (1u << 24) - 1;

/// A number for each thread; each has a JavaScript of its own.
uint32_t ThisThread() {
  static std::atomic<uint32_t> next{1};
  static thread_local const uint32_t own = next++;
  return own;
}
}  // namespace

const char* NameOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kInt32:
      return "int32";
    case DType::kBool:
      return "bool";
    case DType::kBfloat16:
      return "bfloat16";
  }
  return "unknown";
}

Buffers& Buffers::Get() {
  static Buffers* buffers = new Buffers();
  return *buffers;
}

Handle Buffers::Adopt(Block block, int64_t count, DType dtype) {
  std::lock_guard<std::mutex> lock(mutex_);
  uint32_t index;
  if (freeSlots_.empty()) {
    if (slots_.size() >= (size_t{1} << kSlotBits)) throw std::runtime_error("more than 16777216 live tensors");
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = freeSlots_.back();
    freeSlots_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.block = std::move(block);
  slot.count = count;
  slot.dtype = dtype;
  slot.owner = ThisThread();
  slot.used = true;
  return (static_cast<Handle>(slot.generation) << kSlotBits) | index;
}

Buffers::Slot& Buffers::At(Handle handle) {
  size_t index = static_cast<size_t>(handle & ((Handle{1} << kSlotBits) - 1));
  uint32_t generation = static_cast<uint32_t>(handle >> kSlotBits);
  if (handle < 0 || index >= slots_.size() || !slots_[index].used || slots_[index].generation != generation) {
    throw std::invalid_argument("tensor storage " + std::to_string(handle) + " is not live; was the tensor disposed?");
  }
  return slots_[index];
}

Buffers::View Buffers::Find(Handle handle) {
  std::lock_guard<std::mutex> lock(mutex_);
  Slot& slot = At(handle);
  return {slot.block.data(), slot.count, slot.dtype};
}

void Buffers::Free(Handle handle) {
  Block dropped;  // given back to the pool after the lock is gone
  std::lock_guard<std::mutex> lock(mutex_);
  Slot& slot = At(handle);
  dropped = std::move(slot.block);
  Vacate(static_cast<uint32_t>(handle & ((Handle{1} << kSlotBits) - 1)));
}

void Buffers::Vacate(uint32_t index) {
  slots_[index].used = false;
  slots_[index].generation = (slots_[index].generation + 1) & kGenerationMask;
  freeSlots_.push_back(index);
}

void Buffers::FreeOwned() {
  std::vector<Block> dropped;
  std::lock_guard<std::mutex> lock(mutex_);
  for (uint32_t index = 0; index < slots_.size(); ++index) {
    Slot& slot = slots_[index];
    if (!slot.used || slot.owner != ThisThread()) continue;
    dropped.push_back(std::move(slot.block));
    Vacate(index);
  }
}

int64_t Buffers::live() {
  std::lock_guard<std::mutex> lock(mutex_);
  return static_cast<int64_t>(slots_.size() - freeSlots_.size());
}

}  // namespace simclr
