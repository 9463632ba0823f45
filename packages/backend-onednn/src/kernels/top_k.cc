#include "kernels/top_k.h"

#include <algorithm>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

template <class T>
struct Entry {
  T value;
  int32_t index;
};

/// A strict order also where there are NaN: those first, then falling values; equals by index.
template <class T>
bool Before(const Entry<T>& a, const Entry<T>& b) {
  bool aNan = a.value != a.value, bNan = b.value != b.value;
  if (aNan != bNan) return aNan;
  if (aNan || a.value == b.value) return a.index < b.index;
  return a.value > b.value;
}

}  // namespace

template <class T>
void TopK(int64_t rows, int64_t width, int64_t k, const T* x, T* values, int32_t* indices) {
  if (k == 0) return;
  ParallelFor(rows, std::max<int64_t>(1, 8192 / width), [=](int64_t begin, int64_t end) {
    Scratch<Entry<T>> scratch(static_cast<size_t>(k));
    Entry<T>*heap = scratch.data(), *last = heap + k;  // the worst of the best is on top
    for (int64_t r = begin; r < end; ++r) {
      const T* row = x + r * width;
      for (int64_t i = 0; i < k; ++i) heap[i] = {row[i], static_cast<int32_t>(i)};
      std::make_heap(heap, last, Before<T>);
      for (int64_t i = k; i < width; ++i) {
        if (row[i] <= heap->value) continue;  // an equal one has a higher index
        Entry<T> candidate{row[i], static_cast<int32_t>(i)};
        if (!Before(candidate, *heap)) continue;
        std::pop_heap(heap, last, Before<T>);
        last[-1] = candidate;
        std::push_heap(heap, last, Before<T>);
      }
      std::sort_heap(heap, last, Before<T>);
      for (int64_t i = 0; i < k; ++i) {
        values[r * k + i] = heap[i].value;
        indices[r * k + i] = heap[i].index;
      }
    }
  });
}

template void TopK<float>(int64_t, int64_t, int64_t, const float*, float*, int32_t*);
template void TopK<int32_t>(int64_t, int64_t, int64_t, const int32_t*, int32_t*, int32_t*);

}  // namespace simclr
