// The pool of sanitizer builds, in place of pool.cc: every block is an allocation of its own between two guards.
// Sanitized code that touches a guard, or a block given back, is stopped there and then. Code that the sanitizer did
// not compile (oneDNN's kernels, streaming stores) is caught later: a guard that has changed is reported when its
// block is given back. New blocks are filled with NaN, so that tests see results that were never written.
#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/pool.h"

namespace simclr {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kGuard = 1024;
constexpr unsigned char kGuardByte = 0xa5;
constexpr unsigned char kNeverWritten = 0xff;  // NaN as float32

/// Reports the first byte of a guard that somebody wrote, as AddressSanitizer's own error.
__attribute__((no_sanitize("address"))) void CheckGuard(const unsigned char* guard) {
  for (size_t i = 0; i < kGuard; ++i) {
    if (guard[i] == kGuardByte) continue;
    void* address = const_cast<unsigned char*>(guard + i);
    __asan_report_error(__builtin_return_address(0), __builtin_frame_address(0), &address, address, /*is_write=*/1, 1);
  }
}

}  // namespace

Block::~Block() {
  if (data_) Pool::Get().Release(data_, bytes_);
}

Pool& Pool::Get() {
  static Pool* pool = new Pool();
  return *pool;
}

Block Pool::Allocate(size_t bytes) {
  void* memory = nullptr;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (bytes > kLargestBlock) Refuse(bytes, "no machine has as much");
    if (limit_ > 0 && reserved_ + bytes > limit_) Refuse(bytes, "the limit is reached");
    if (posix_memalign(&memory, kAlign, kGuard + bytes + kGuard) != 0) Refuse(bytes, "the system has no more");
  }
  unsigned char* front = static_cast<unsigned char*>(memory);
  unsigned char* data = front + kGuard;
  unsigned char* back = data + bytes;
  std::memset(front, kGuardByte, kGuard);
  std::memset(data, kNeverWritten, bytes);
  std::memset(back, kGuardByte, kGuard);
  ASAN_POISON_MEMORY_REGION(front, kGuard);
  ASAN_POISON_MEMORY_REGION(back, kGuard);
  std::lock_guard<std::mutex> lock(mutex_);
  reserved_ += bytes;
  inUse_ += bytes;
  peak_ = std::max(peak_, inUse_);
  return Block(data, bytes);
}

void Pool::Release(void* data, size_t bytes) {
  unsigned char* front = static_cast<unsigned char*>(data) - kGuard;
  CheckGuard(front);
  CheckGuard(static_cast<unsigned char*>(data) + bytes);
  ASAN_UNPOISON_MEMORY_REGION(front, kGuard + bytes + kGuard);
  std::free(front);
  std::lock_guard<std::mutex> lock(mutex_);
  reserved_ -= bytes;
  inUse_ -= bytes;
}

void Pool::SetLimit(size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_ = bytes;
}

void Pool::Refuse(size_t bytes, const char* why) const {
  throw OutOfMemory(kOutOfMemory + std::to_string(bytes) + " bytes wanted, " + std::to_string(inUse_) + " used; " + why);
}

void Pool::Trim() {}

PoolStats Pool::Stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  return {reserved_, inUse_, peak_};
}

}  // namespace simclr
