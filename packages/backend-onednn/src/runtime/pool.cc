#include "runtime/pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <string>

namespace simclr {
namespace {

constexpr size_t kAlign = 64;
constexpr size_t kSmallLimit = size_t{64} << 10;   // up to here: size classes with free lists
constexpr size_t kSmallSlab = size_t{2} << 20;     // small blocks are cut from slabs of this size
constexpr size_t kGranule = size_t{16} << 10;      // larger blocks are multiples of this
constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kMinSegment = size_t{128} << 20;

size_t RoundUp(size_t value, size_t unit) { return (value + unit - 1) / unit * unit; }

/// Size classes: four steps per power of two, 64, 128, 192, 256, 320, 384, 448, 512, 640, ...
size_t ClassOf(size_t bytes, size_t* rounded) {
  size_t units = std::max<size_t>(1, (bytes + kAlign - 1) / kAlign);
  if (units <= 4) {
    *rounded = units * kAlign;
    return units - 1;
  }
  int shift = 0;
  while ((size_t{8} << shift) < units) ++shift;  // units in (4 << shift, 8 << shift]
  size_t step = (units + (size_t{1} << shift) - 1) >> shift;  // 5..8
  *rounded = (step << shift) * kAlign;
  return 4 + static_cast<size_t>(shift) * 4 + (step - 5);
}

}  // namespace

Block::~Block() {
  if (data_) Pool::Get().Release(data_, bytes_);
}

Pool& Pool::Get() {
  static Pool* pool = new Pool();  // never destroyed: blocks may outlive static destructors
  return *pool;
}

Block Pool::Allocate(size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (bytes > kLargestBlock) Refuse(bytes, "no machine has as much");
  void* data = nullptr;
  size_t size = 0;
  if (bytes <= kSmallLimit) {
    size_t index = ClassOf(bytes, &size);
    if (smallFree_.size() <= index) smallFree_.resize(index + 1);
    auto& list = smallFree_[index];
    if (list.empty()) {
      // One slab serves many small blocks; large ones of the class get only a few at a time.
      size_t slab = std::min(kSmallSlab, RoundUp(size * 32, kGranule));
      uintptr_t address = TakeRange(slab);
      for (size_t i = slab / size; i-- > 0;) list.push_back(reinterpret_cast<void*>(address + i * size));
    }
    data = list.back();
    list.pop_back();
  } else {
    size = RoundUp(bytes, kGranule);
    data = reinterpret_cast<void*>(TakeRange(size));
  }
  inUse_ += size;
  peak_ = std::max(peak_, inUse_);
  return Block(data, size);
}

void Pool::Release(void* data, size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  inUse_ -= bytes;
  if (bytes <= kSmallLimit) {
    size_t rounded;
    smallFree_[ClassOf(bytes, &rounded)].push_back(data);
  } else {
    GiveRange(reinterpret_cast<uintptr_t>(data));
  }
}

uintptr_t Pool::TakeRange(size_t bytes) {
  auto found = freeRanges_.lower_bound({bytes, 0});
  if (found == freeRanges_.end()) {
    MapSegment(bytes);
    found = freeRanges_.lower_bound({bytes, 0});
  }
  auto [size, address] = *found;
  freeRanges_.erase(found);
  Range& range = ranges_[address];
  range.free = false;
  if (size > bytes) {
    ranges_[address + bytes] = Range{size - bytes, true, range.segment};
    freeRanges_.insert({size - bytes, address + bytes});
    range.bytes = bytes;
  }
  return address;
}

void Pool::GiveRange(uintptr_t address) {
  auto range = ranges_.find(address);
  range->second.free = true;
  auto next = std::next(range);
  if (next != ranges_.end() && next->second.free && next->second.segment == range->second.segment) {
    freeRanges_.erase({next->second.bytes, next->first});
    range->second.bytes += next->second.bytes;
    ranges_.erase(next);
  }
  if (range != ranges_.begin()) {
    auto previous = std::prev(range);
    if (previous->second.free && previous->second.segment == range->second.segment) {
      freeRanges_.erase({previous->second.bytes, previous->first});
      previous->second.bytes += range->second.bytes;
      ranges_.erase(range);
      range = previous;
    }
  }
  freeRanges_.insert({range->second.bytes, range->first});
}

void Pool::MapSegment(size_t bytes) {
  size_t least = RoundUp(bytes, kHugePage), size = std::max(kMinSegment, least);
  if (limit_ > 0 && reserved_ + size > limit_) {
    UnmapUnused();  // segments that are whole but too small
    size_t left = limit_ > reserved_ ? (limit_ - reserved_) / kHugePage * kHugePage : 0;
    if (left < least) Refuse(bytes, "the limit is reached");
    size = std::min(size, left);
  }
  size_t mapped = size + kHugePage;
  void* raw = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) Refuse(bytes, "the system has no more");
  uintptr_t start = reinterpret_cast<uintptr_t>(raw);
  uintptr_t aligned = RoundUp(start, kHugePage);
  if (aligned > start) munmap(raw, aligned - start);
  if (size_t tail = start + mapped - (aligned + size)) munmap(reinterpret_cast<void*>(aligned + size), tail);
#ifdef MADV_HUGEPAGE
  madvise(reinterpret_cast<void*>(aligned), size, MADV_HUGEPAGE);
#endif
  segments_[aligned] = size;
  reserved_ += size;
  ranges_[aligned] = Range{size, true, aligned};
  freeRanges_.insert({size, aligned});
}

void Pool::SetLimit(size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  limit_ = bytes;
}

void Pool::Refuse(size_t bytes, const char* why) const {
  throw OutOfMemory(kOutOfMemory + std::to_string(bytes) + " bytes wanted, " + std::to_string(inUse_) + " used, " +
                    std::to_string(reserved_) + " taken from the system" +
                    (limit_ > 0 ? " of at most " + std::to_string(limit_) : std::string()) + "; " + why);
}

void Pool::Trim() {
  std::lock_guard<std::mutex> lock(mutex_);
  UnmapUnused();
}

void Pool::UnmapUnused() {
  for (auto it = segments_.begin(); it != segments_.end();) {
    auto [address, size] = *it;
    auto range = ranges_.find(address);
    if (range->second.free && range->second.bytes == size) {
      freeRanges_.erase({size, address});
      ranges_.erase(range);
      munmap(reinterpret_cast<void*>(address), size);
      reserved_ -= size;
      it = segments_.erase(it);
    } else {
      ++it;
    }
  }
}

PoolStats Pool::Stats() {
  std::lock_guard<std::mutex> lock(mutex_);
  return {reserved_, inUse_, peak_};
}

}  // namespace simclr
