// Memory for tensors and scratch: 64-byte aligned blocks on large huge-page segments, recycled without the
// system's help. A page fault costs more than most kernels here, so memory once touched is kept and reused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace simclr {

/// A piece of pool memory; gives itself back when it goes out of scope.
class Block {
 public:
  Block() = default;
  Block(Block&& other) noexcept : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Block& operator=(Block&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  template <class T>
  T* As() const {
    return static_cast<T*>(data_);
  }

 private:
  friend class Pool;
  Block(void* data, size_t bytes) : data_(data), bytes_(bytes) {}
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

/// What() says how much was wanted, used and allowed. It begins with kOutOfMemory, by which JavaScript knows it.
class OutOfMemory : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
constexpr char kOutOfMemory[] = "out of memory: ";

struct PoolStats {
  size_t reserved;  // bytes mapped from the system
  size_t inUse;     // bytes in live blocks, rounded up to their size class
  size_t peak;      // highest inUse seen
};

class Pool {
 public:
  static Pool& Get();

  /// More than any machine has; what is above comes from a negative size.
  static constexpr size_t kLargestBlock = size_t{1} << 46;
  /// A block of at least `bytes` bytes, aligned to 64; never null, also for 0 bytes. Contents are undefined.
  /// Throws OutOfMemory above kLargestBlock, beyond the limit, and where the system has no more memory.
  Block Allocate(size_t bytes);
  /// The most that may be mapped from the system; what is mapped already stays. 0 for no limit, as at first.
  void SetLimit(size_t bytes);
  /// Gives wholly unused segments back to the system.
  void Trim();
  PoolStats Stats();

 private:
  friend class Block;
  struct Range {
    size_t bytes;
    bool free;
    size_t segment;  // address of the segment's first byte
  };
  using Free = std::set<std::pair<size_t, uintptr_t>>;

  void Release(void* data, size_t bytes);
  uintptr_t TakeRange(size_t bytes);
  void GiveRange(uintptr_t address);
  void MapSegment(size_t bytes);
  void UnmapUnused();
  [[noreturn]] void Refuse(size_t bytes, const char* why) const;

  std::mutex mutex_;
  std::vector<std::vector<void*>> smallFree_;  // by size class
  std::map<uintptr_t, Range> ranges_;          // every range of every segment, by address
  Free freeRanges_;                            // the free ones, by size: best fit, lowest address
  std::map<uintptr_t, size_t> segments_;
  size_t reserved_ = 0, inUse_ = 0, peak_ = 0, limit_ = 0;
};

/// Scratch memory as a typed array.
template <class T>
class Scratch {
 public:
  explicit Scratch(size_t count) : block_(Pool::Get().Allocate(count * sizeof(T))) {}
  T* data() const { return block_.As<T>(); }
  T& operator[](size_t i) const { return data()[i]; }

 private:
  Block block_;
};

}  // namespace simclr
