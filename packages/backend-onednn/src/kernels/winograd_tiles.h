// The pieces of winograd.cc that are written for a width of vector: transforms of tiles and a small matrix product.
//
// A tile is 6x6 inputs and 4x4 outputs. Transformed data is held by position in the tile (36 of them), for each a
// matrix: inputs as [tiles, channels]; filters, output gradients and products in panels of `width` columns,
// [columns / width, rows, width], so that the product reads and writes whole vectors in order.
#pragma once

#include <cstdint>

#include "runtime/bfloat16.h"

namespace simclr::winograd {

constexpr int kPositions = 36;
constexpr int64_t kTile = 4;

/// An image batch, NHWC, seen as a grid of tiles. Tile (i, j) starts at pixel (4i - top, 4j - left); `span` pixels.
struct Grid {
  int64_t height, width, channels;
  int64_t top, left;
  int64_t tilesY, tilesX;
  int64_t PerImage() const { return tilesY * tilesX; }
};

/// Matrices by position: positions are `step` floats apart.
struct Rows {
  float* data;
  int64_t step;
  int64_t stride;  // floats from one row to the next
};
struct Panels {
  float* data;
  int64_t step;
  int64_t rows;   // rows of a panel
  int64_t width;  // one or two vectors
};

/// Between pixels of type T, float or BFloat16, and transformed tiles, which are always float.
template <class T>
struct PixelKernels {
  /// Inputs of tiles [begin, end) -> rows [0, end - begin). `zeros` holds grid.channels zeros.
  void (*transformInput)(const Grid& grid, const T* image, int64_t begin, int64_t end, const T* zeros, Rows out);
  /// Output gradients of tiles [begin, end) -> panel rows [0, end - begin).
  void (*transformGradient)(const Grid& grid, const T* image, int64_t begin, int64_t end, const T* zeros, Panels out);
  /// Products -> outputs of tiles [begin, end), with bias if it is not null.
  void (*transformOutput)(const Grid& grid, Panels in, int64_t begin, int64_t end, const float* bias, T* image);
};

/// The pieces for one instruction set. Channels are multiples of 16.
struct TileKernels {
  /// Floats in a vector.
  int64_t lanes;
  /// Rows that `multiply` takes at a time.
  int64_t rowTile;
  PixelKernels<float> ofFloats;
  PixelKernels<BFloat16> ofBFloat16s;
  /// Filter [3, 3, in, out], or its transpose turned by 180 degrees, -> panels for `rows` [begin, end).
  void (*transformFilter)(const float* filter, int64_t in, int64_t out, bool backward, int64_t begin, int64_t end,
                          Panels to);
  /// Sums of products -> filter gradient [3, 3, in, out] for input channels [begin, end); adds up `count` partial sums.
  void (*transformFilterGradient)(const Panels* parts, int64_t count, int64_t in, int64_t out, int64_t begin, int64_t end,
                                  float* gradient);
  /// out (rows x width) = or += a (rows x depth) * b (depth x width); a at [r * rowStride + d * depthStride].
  void (*multiply)(int64_t rows, int64_t depth, const float* a, int64_t rowStride, int64_t depthStride, const float* b,
                   int64_t width, float* out, bool add);
};

const TileKernels& Avx2Kernels();
const TileKernels& Avx512Kernels();

}  // namespace simclr::winograd
