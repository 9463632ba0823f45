#include "kernels/winograd.h"

#include <algorithm>
#include <vector>

#include "kernels/winograd_tiles.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {

#if defined(__x86_64__)
using namespace winograd;

namespace {

bool enabled = true;

/// Up to here every thread keeps its transformed data and the filters in its own cache and works alone; above,
/// all threads share one set of transformed tiles and divide the matrix products by position and panel.
constexpr int64_t kOwnCacheChannels = 128 * 128;
/// Tiles that a thread transforms and multiplies at a time, at most.
constexpr int64_t kOwnTiles = 32;
constexpr int64_t kSharedTiles = 512;
/// Terms of a product that are summed at a time, so that its right side stays in the first-level cache.
constexpr int64_t kDepth = 128;

const TileKernels& Kernels() { return kIsa == Isa::kAvx512 ? Avx512Kernels() : Avx2Kernels(); }

template <class T>
const PixelKernels<T>& Pixels();
template <>
const PixelKernels<float>& Pixels() {
  return Kernels().ofFloats;
}
template <>
const PixelKernels<BFloat16>& Pixels() {
  return Kernels().ofBFloat16s;
}

/// At most `tiles`, in whole row tiles.
int64_t BlockOf(int64_t tiles) { return tiles / Kernels().rowTile * Kernels().rowTile; }

int64_t TilesOf(int64_t pixels) { return (pixels + kTile - 1) / kTile; }

/// Two vectors where they fit.
int64_t PanelWidth(int64_t columns) {
  int64_t lanes = Kernels().lanes;
  return columns % (2 * lanes) == 0 ? 2 * lanes : lanes;
}
/// A little more than rows * columns, so that positions do not fall on the same cache sets.
int64_t Step(int64_t rows, int64_t columns) { return rows * columns + 16; }
/// As rows of transformed inputs are read eight at a time, they must not either.
int64_t RowStride(int64_t channels) { return channels + 16; }

/// Transformed tiles of one side of a product, from the pool.
struct Tiles {
  Scratch<float> memory;
  int64_t capacity, step;
  Tiles(int64_t tiles, int64_t channels)
      : memory(static_cast<size_t>(kPositions * Step(tiles, channels))), capacity(tiles), step(Step(tiles, channels)) {}
  Rows AsRows(int64_t channels) const { return {memory.data(), step, RowStride(channels)}; }
  Panels AsPanels(int64_t channels) const { return {memory.data(), step, capacity, PanelWidth(channels)}; }
};

Tiles InputTiles(int64_t tiles, int64_t channels) { return Tiles(tiles, RowStride(channels)); }

template <class T>
std::vector<T> Zeros(int64_t channels) {
  return std::vector<T>(static_cast<size_t>(channels), T{});
}

/// A convolution as tiles: from `source` with padding, times filters, to `target`.
struct Problem {
  Grid source, target;
  int64_t tiles;
};

Problem ForwardProblem(const ConvShape& s) {
  int64_t tilesY = TilesOf(s.outHeight), tilesX = TilesOf(s.outWidth);
  return {{s.height, s.width, s.channels, s.padTop, s.padLeft, tilesY, tilesX},
          {s.outHeight, s.outWidth, s.outChannels, 0, 0, tilesY, tilesX},
          s.batch * tilesY * tilesX};
}

/// The gradient of the input is a convolution of dy with the filter turned by 180 degrees.
Problem BackwardProblem(const ConvShape& s) {
  int64_t tilesY = TilesOf(s.height), tilesX = TilesOf(s.width);
  return {{s.outHeight, s.outWidth, s.outChannels, 2 - s.padTop, 2 - s.padLeft, tilesY, tilesX},
          {s.height, s.width, s.channels, 0, 0, tilesY, tilesX},
          s.batch * tilesY * tilesX};
}

/// Products of tiles [0, tiles) at item = position * panels + panel.
void MultiplyItem(int64_t item, int64_t tiles, int64_t depth, const Rows& a, const Panels& filter, const Panels& out,
                  int64_t panels) {
  int64_t p = item / panels, panel = item % panels;
  const float* rows = a.data + p * a.step;
  const float* columns = filter.data + p * filter.step + panel * depth * filter.width;
  float* to = out.data + p * out.step + panel * out.rows * out.width;
  for (int64_t first = 0; first < depth; first += kDepth) {
    Kernels().multiply(tiles, std::min(kDepth, depth - first), rows + first, a.stride, 1, columns + first * filter.width,
             filter.width, to, first > 0);
  }
}

template <class T>
void Convolve(const Problem& problem, const T* source, const float* filter, bool backward, const float* bias,
              T* target) {
  int64_t in = problem.source.channels, out = problem.target.channels;
  int64_t width = PanelWidth(out), panels = out / width;
  Scratch<float> filterMemory(static_cast<size_t>(kPositions * Step(in, out)));
  Panels filters{filterMemory.data(), Step(in, out), in, width};
  int64_t filterIn = backward ? out : in, filterOut = backward ? in : out;
  ParallelFor(in / 16, 1, [&](int64_t begin, int64_t end) {
    Kernels().transformFilter(filter, filterIn, filterOut, backward, 16 * begin, 16 * end, filters);
  });
  std::vector<T> zeros = Zeros<T>(in);
  if (in * out <= kOwnCacheChannels) {
    int64_t block = BlockOf(kOwnTiles);
    ParallelFor(problem.tiles, block, [&](int64_t begin, int64_t end) {
      Tiles inputs = InputTiles(block, in), products(block, out);
      Rows rows = inputs.AsRows(in);
      Panels results = products.AsPanels(out);
      for (int64_t start = begin; start < end; start += block) {
        int64_t stop = std::min(end, start + block);
        Pixels<T>().transformInput(problem.source, source, start, stop, zeros.data(), rows);
        for (int64_t item = 0; item < kPositions * panels; ++item) {
          MultiplyItem(item, stop - start, in, rows, filters, results, panels);
        }
        Pixels<T>().transformOutput(problem.target, results, start, stop, bias, target);
      }
    });
    return;
  }
  int64_t block = std::min(BlockOf(kSharedTiles), problem.tiles);
  Tiles inputs = InputTiles(block, in), products(block, out);
  Rows rows = inputs.AsRows(in);
  Panels results = products.AsPanels(out);
  for (int64_t start = 0; start < problem.tiles; start += block) {
    int64_t count = std::min(block, problem.tiles - start);
    ParallelFor(count, 1, [&](int64_t begin, int64_t end) {
      Rows to{rows.data + begin * rows.stride, rows.step, rows.stride};
      Pixels<T>().transformInput(problem.source, source, start + begin, start + end, zeros.data(), to);
    });
    ParallelFor(kPositions * panels, 1, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) MultiplyItem(item, count, in, rows, filters, results, panels);
    });
    ParallelFor(count, 1, [&](int64_t begin, int64_t end) {
      Panels from{results.data + begin * width, results.step, results.rows, width};
      Pixels<T>().transformOutput(problem.target, from, start + begin, start + end, bias, target);
    });
  }
}

/// Adds to `sums` (in x out by position) the products of `tiles` tiles; item as above.
void AccumulateItem(int64_t item, int64_t tiles, int64_t in, const Rows& a, const Panels& gradients, const Panels& sums,
                    int64_t panels, bool add) {
  int64_t p = item / panels, panel = item % panels;
  const float* rows = a.data + p * a.step;
  const float* columns = gradients.data + p * gradients.step + panel * gradients.rows * gradients.width;
  float* to = sums.data + p * sums.step + panel * in * sums.width;
  for (int64_t first = 0; first < tiles; first += kDepth) {
    Kernels().multiply(in, std::min(kDepth, tiles - first), rows + first * a.stride, 1, a.stride,
             columns + first * gradients.width, gradients.width, to, add || first > 0);
  }
}

}  // namespace

void EnableWinograd(bool on) { enabled = on; }

bool WinogradApplies(const ConvShape& s, int64_t leastChannels) {
  bool shape = s.filterHeight == 3 && s.filterWidth == 3 && s.strideHeight == 1 && s.strideWidth == 1 &&
               s.dilationHeight == 1 && s.dilationWidth == 1 && s.padTop <= 2 && s.padLeft <= 2;
  if (!enabled || !shape || (kIsa != Isa::kAvx512 && kIsa != Isa::kAvx2)) return false;
  if (s.channels % 16 != 0 || s.outChannels % 16 != 0) return false;
  if (s.channels < leastChannels || s.outChannels < leastChannels) return false;
  // Tiles that stick out of the image are work for nothing.
  auto efficient = [](int64_t height, int64_t width) {
    return 2 * height * width >= kTile * kTile * TilesOf(height) * TilesOf(width);
  };
  return efficient(s.height, s.width) && efficient(s.outHeight, s.outWidth);
}

template <class T>
void WinogradConv2D(const ConvShape& shape, const T* x, const float* filter, const float* bias, T* y) {
  Convolve(ForwardProblem(shape), x, filter, false, bias, y);
}

template <class T>
void WinogradBackpropInput(const ConvShape& shape, const T* dy, const float* filter, T* dx) {
  Convolve(BackwardProblem(shape), dy, filter, true, nullptr, dx);
}

template <class T>
void WinogradBackpropFilter(const ConvShape& shape, const T* x, const T* dy, float* dfilter) {
  Problem problem = ForwardProblem(shape);
  int64_t in = shape.channels, out = shape.outChannels, width = PanelWidth(out), panels = out / width;
  std::vector<T> zeros = Zeros<T>(std::max(in, out));
  int64_t sumStep = Step(in, out);
  bool own = in * out <= kOwnCacheChannels;
  int64_t block = own ? BlockOf(kOwnTiles) : std::min(BlockOf(kSharedTiles), problem.tiles);
  Chunks chunks(problem.tiles, block);
  int64_t sets = own ? chunks.number : 1;
  Scratch<float> memory(static_cast<size_t>(sets * kPositions * sumStep));
  std::vector<Panels> sums;
  for (int64_t k = 0; k < sets; ++k) sums.push_back({memory.data() + k * kPositions * sumStep, sumStep, in, width});
  if (own) {
    ParallelChunks(chunks, [&](int chunk, int64_t begin, int64_t end) {
      Tiles inputs = InputTiles(block, in), gradients(block, out);
      Rows rows = inputs.AsRows(in);
      Panels columns = gradients.AsPanels(out);
      for (int64_t start = begin; start < end; start += block) {
        int64_t stop = std::min(end, start + block);
        Pixels<T>().transformInput(problem.source, x, start, stop, zeros.data(), rows);
        Pixels<T>().transformGradient(problem.target, dy, start, stop, zeros.data(), columns);
        for (int64_t item = 0; item < kPositions * panels; ++item) {
          AccumulateItem(item, stop - start, in, rows, columns, sums[static_cast<size_t>(chunk)], panels, start > begin);
        }
      }
    });
  } else {
    Tiles inputs = InputTiles(block, in), gradients(block, out);
    Rows rows = inputs.AsRows(in);
    Panels columns = gradients.AsPanels(out);
    for (int64_t start = 0; start < problem.tiles; start += block) {
      int64_t count = std::min(block, problem.tiles - start);
      ParallelFor(count, 1, [&](int64_t begin, int64_t end) {
        Rows to{rows.data + begin * rows.stride, rows.step, rows.stride};
        Panels toPanels{columns.data + begin * width, columns.step, columns.rows, width};
        Pixels<T>().transformInput(problem.source, x, start + begin, start + end, zeros.data(), to);
        Pixels<T>().transformGradient(problem.target, dy, start + begin, start + end, zeros.data(), toPanels);
      });
      ParallelFor(kPositions * panels, 1, [&](int64_t begin, int64_t end) {
        for (int64_t item = begin; item < end; ++item) {
          AccumulateItem(item, count, in, rows, columns, sums[0], panels, start > 0);
        }
      });
    }
  }
  ParallelFor(in, 1, [&](int64_t begin, int64_t end) {
    Kernels().transformFilterGradient(sums.data(), sets, in, out, begin, end, dfilter);
  });
}

#else

void EnableWinograd(bool) {}
bool WinogradApplies(const ConvShape&, int64_t) { return false; }
template <class T>
void WinogradConv2D(const ConvShape&, const T*, const float*, const float*, T*) {}
template <class T>
void WinogradBackpropInput(const ConvShape&, const T*, const float*, T*) {}
template <class T>
void WinogradBackpropFilter(const ConvShape&, const T*, const T*, float*) {}

#endif

#define INSTANTIATE(T)                                                                                  \
  template void WinogradConv2D<T>(const ConvShape&, const T*, const float*, const float*, T*);          \
  template void WinogradBackpropInput<T>(const ConvShape&, const T*, const float*, T*);                 \
  template void WinogradBackpropFilter<T>(const ConvShape&, const T*, const T*, float*);
INSTANTIATE(float)
INSTANTIATE(BFloat16)
#undef INSTANTIATE

}  // namespace simclr
