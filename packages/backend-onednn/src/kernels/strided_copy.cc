#include "kernels/strided_copy.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "runtime/parallel.h"

namespace simclr {
namespace {

constexpr int64_t kGrain = 32768;  // elements
constexpr int64_t kTile = 16;      // a cache line of float32
constexpr int64_t kTask = 1024;    // columns of a transposition done at a time

template <class T>
SIMCLR_INLINE inline void CopyRow(const T* x, int64_t from, T* y, int64_t to, int64_t size) {
  if (to == 1 && from == 1) {
    if (size >= 32) {
      std::memcpy(y, x, static_cast<size_t>(size) * sizeof(T));
    } else {
      for (int64_t i = 0; i < size; ++i) y[i] = x[i];
    }
  } else if (to == 1 && from == -1) {
    for (int64_t i = 0; i < size; ++i) y[i] = x[-i];
  } else if (to == 1 && from == 0) {
    std::fill_n(y, size, *x);
  } else {
    for (int64_t i = 0; i < size; ++i) y[i * to] = x[i * from];
  }
}

/// A position in the first `rank` dimensions of a plan.
struct Cursor {
  const CopyDim* dims;
  int rank;
  int64_t index[kMaxCopyRank] = {};
  int64_t from = 0, to = 0;

  SIMCLR_INLINE inline Cursor(const CopyDim* d, int r, int64_t position) : dims(d), rank(r) {
    for (int k = rank - 1; k >= 0; --k) {
      index[k] = position % dims[k].size;
      position /= dims[k].size;
      from += index[k] * dims[k].from;
      to += index[k] * dims[k].to;
    }
  }

  /// Moves on by `n` places of the last dimension, at most to its end.
  SIMCLR_INLINE inline void Advance(int64_t n) {
    int k = rank - 1;
    index[k] += n;
    from += n * dims[k].from;
    to += n * dims[k].to;
    while (k > 0 && index[k] == dims[k].size) {
      from += dims[k - 1].from - dims[k].size * dims[k].from;
      to += dims[k - 1].to - dims[k].size * dims[k].to;
      index[k] = 0;
      ++index[--k];
    }
  }
};

template <class T>
void CopyRows(const CopyPlan& plan, const T* x, T* y) {
  const CopyDim* dims = plan.dims.data();
  int rank = static_cast<int>(plan.dims.size());
  CopyDim row = dims[rank - 1];
  if (rank == 1) {
    return ParallelFor(row.size, kGrain, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
      CopyRow(x + begin * row.from, row.from, y + begin * row.to, row.to, end - begin);
    });
  }
  CopyDim rows = dims[rank - 2];
  ParallelFor(plan.count / row.size, std::max<int64_t>(1, kGrain / row.size),
              [=](int64_t begin, int64_t end) SIMCLR_INLINE {
                Cursor at(dims, rank - 1, begin);
                for (int64_t r = begin; r < end;) {
                  int64_t run = std::min(end - r, rows.size - at.index[rank - 2]);
                  for (int64_t i = 0; i < run; ++i) {
                    CopyRow(x + at.from + i * rows.from, row.from, y + at.to + i * rows.to, row.to, row.size);
                  }
                  r += run;
                  at.Advance(run);
                }
              });
}

/// One tile, through a buffer so that both sides are touched a cache line at a time.
template <class T>
SIMCLR_INLINE inline void TransposeTile(const T* x, int64_t from, T* y, int64_t rowTo, int64_t columnTo, int64_t rows,
                                        int64_t columns) {
  T tile[kTile * kTile];
  if (rows == kTile && columns == kTile && columnTo == 1) {
    for (int64_t c = 0; c < kTile; ++c) {
      for (int64_t r = 0; r < kTile; ++r) tile[r * kTile + c] = x[c * from + r];
    }
    for (int64_t r = 0; r < kTile; ++r) std::memcpy(y + r * rowTo, tile + r * kTile, kTile * sizeof(T));
    return;
  }
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) tile[r * kTile + c] = x[c * from + r];
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) y[r * rowTo + c * columnTo] = tile[r * kTile + c];
  }
}

/// `unit` is the dimension in which the source is dense; the last one is not.
template <class T>
void CopyTransposed(const CopyPlan& plan, size_t unit, const T* x, T* y) {
  CopyDim rows = plan.dims[unit], columns = plan.dims.back();
  std::vector<CopyDim> outer;
  for (size_t d = 0; d + 1 < plan.dims.size(); ++d) {
    if (d != unit) outer.push_back(plan.dims[d]);
  }
  const CopyDim* outerDims = outer.data();
  int outerRank = static_cast<int>(outer.size());
  int64_t columnStep = std::min(columns.size, kTask);
  int64_t rowStep = kTile * std::max<int64_t>(1, kTask / std::max(columnStep, kTile));
  int64_t rowTasks = (rows.size + rowStep - 1) / rowStep, columnTasks = (columns.size + columnStep - 1) / columnStep;
  int64_t tasks = plan.count / rows.size / columns.size * rowTasks * columnTasks;
  int64_t perTask = std::min(rowStep, rows.size) * columnStep;
  ParallelFor(tasks, std::max<int64_t>(1, kGrain / perTask), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t task = begin; task < end; ++task) {
      int64_t c0 = task % columnTasks * columnStep, c1 = std::min(columns.size, c0 + columnStep);
      int64_t r0 = task / columnTasks % rowTasks * rowStep, r1 = std::min(rows.size, r0 + rowStep);
      Cursor at(outerDims, outerRank, task / columnTasks / rowTasks);
      for (int64_t r = r0; r < r1; r += kTile) {
        for (int64_t c = c0; c < c1; c += kTile) {
          TransposeTile(x + at.from + r + c * columns.from, columns.from, y + at.to + r * rows.to + c * columns.to,
                        rows.to, columns.to, std::min(kTile, r1 - r), std::min(kTile, c1 - c));
        }
      }
    }
  });
}

}  // namespace

CopyPlan PlanCopy(const std::vector<CopyDim>& dims) {
  CopyPlan plan;
  for (const CopyDim& dim : dims) {
    plan.count *= dim.size;
    if (dim.size == 1) continue;
    if (!plan.dims.empty()) {
      CopyDim& outer = plan.dims.back();
      if (outer.from == dim.from * dim.size && outer.to == dim.to * dim.size) {
        outer = {outer.size * dim.size, dim.from, dim.to};
        continue;
      }
    }
    plan.dims.push_back(dim);
  }
  if (plan.dims.empty()) plan.dims.push_back({1, 1, 1});
  if (plan.dims.size() > kMaxCopyRank) throw std::invalid_argument("more than 24 dimensions to copy");
  return plan;
}

template <class T>
void StridedCopy(const CopyPlan& plan, const T* x, T* y) {
  if (plan.count == 0) return;
  int64_t from = plan.dims.back().from;
  if (from > 1 || from < -1) {
    for (size_t d = 0; d + 1 < plan.dims.size(); ++d) {
      if (plan.dims[d].from == 1) return CopyTransposed(plan, d, x, y);
    }
  }
  CopyRows(plan, x, y);
}

template void StridedCopy<float>(const CopyPlan&, const float*, float*);
template void StridedCopy<int32_t>(const CopyPlan&, const int32_t*, int32_t*);
template void StridedCopy<uint8_t>(const CopyPlan&, const uint8_t*, uint8_t*);

}  // namespace simclr
