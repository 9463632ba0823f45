#include "kernels/winograd_tiles.h"

#if defined(__x86_64__)
#include <immintrin.h>

// Only plain functions below: nothing that another file could share and run on a lesser processor.
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#define INLINE static inline __attribute__((always_inline))

namespace simclr::winograd {
namespace {

using V = __m512;
INLINE V Load(const float* p) { return _mm512_loadu_ps(p); }
INLINE void Store(float* p, V v) { _mm512_storeu_ps(p, v); }
/// Past the caches: for data that would not stay in them until it is read. `p` must be aligned to 64 bytes.
INLINE void Stream(float* p, V v) { _mm512_stream_ps(p, v); }
INLINE V Set(float v) { return _mm512_set1_ps(v); }
/// a * b + c, and c - a * b.
INLINE V Fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
INLINE V Fnma(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE V Zero() { return _mm512_setzero_ps(); }

/// B^T of F(4, 3) and F(3, 4), points 0, 1, -1, 2, -2, infinity; d and t are `stride` vectors apart.
INLINE void InputTransform1D(const V* d, V* t, int stride) {
  V d0 = d[0], d1 = d[stride], d2 = d[2 * stride], d3 = d[3 * stride], d4 = d[4 * stride], d5 = d[5 * stride];
  V even = Fnma(Set(4), d2, d4), odd = Fnma(Set(4), d1, d3);
  V near = d4 - d2, turn = (d3 - d1) * Set(2);
  t[0] = Fma(Set(4), d0, Fnma(Set(5), d2, d4));
  t[stride] = even + odd;
  t[2 * stride] = even - odd;
  t[3 * stride] = near + turn;
  t[4 * stride] = near - turn;
  t[5 * stride] = Fma(Set(4), d1, Fnma(Set(5), d3, d5));
}

/// A^T of F(4, 3): six products to four outputs.
INLINE void OutputTransform1D(const V* m, V* y, int from, int to) {
  V a = m[from] + m[2 * from], b = m[from] - m[2 * from];
  V c = m[3 * from] + m[4 * from], d = m[3 * from] - m[4 * from];
  y[0] = m[0] + a + c;
  y[to] = Fma(Set(2), d, b);
  y[2 * to] = Fma(Set(4), c, a);
  y[3 * to] = Fma(Set(8), d, b) + m[5 * from];
}

/// A^T of F(3, 4): six sums to three filter taps.
INLINE void TapTransform1D(const V* m, V* w, int from, int to) {
  V a = m[from] + m[2 * from], b = m[from] - m[2 * from];
  V c = m[3 * from] + m[4 * from], d = m[3 * from] - m[4 * from];
  w[0] = m[0] + a + c;
  w[to] = Fma(Set(2), d, b);
  w[2 * to] = Fma(Set(4), c, a) + m[5 * from];
}

/// G of F(4, 3): three filter taps to six.
INLINE void FilterTransform1D(const V* g, V* u, int from, int to) {
  V g0 = g[0], g1 = g[from], g2 = g[2 * from];
  V a = (g0 + g2) * Set(-1.0f / 6), b = g1 * Set(-1.0f / 6);
  V c = Fma(g0, Set(1.0f / 24), g2 * Set(1.0f / 6)), d = g1 * Set(1.0f / 12);
  u[0] = g0 * Set(0.25f);
  u[to] = a + b;
  u[2 * to] = a - b;
  u[3 * to] = c + d;
  u[4 * to] = c - d;
  u[5 * to] = g2;
}

/// G of F(3, 4): four output gradients to six.
INLINE void GradientTransform1D(const V* g, V* u, int from, int to) {
  V g0 = g[0], g1 = g[from], g2 = g[2 * from], g3 = g[3 * from];
  V a = (g0 + g2) * Set(-1.0f / 6), b = (g1 + g3) * Set(-1.0f / 6);
  V c = Fma(g0, Set(1.0f / 24), g2 * Set(1.0f / 6)), d = Fma(g1, Set(1.0f / 12), g3 * Set(1.0f / 3));
  u[0] = g0 * Set(0.25f);
  u[to] = a + b;
  u[2 * to] = a - b;
  u[3 * to] = c + d;
  u[4 * to] = c - d;
  u[5 * to] = g3;
}

/// Pointers to the span x span pixels of a tile; to zeros where they lie outside the image.
INLINE void PixelsOfTile(const Grid& g, const float* image, int64_t tile, int span, const float* zeros,
                         const float** pixels) {
  int64_t n = tile / g.PerImage(), inImage = tile % g.PerImage();
  int64_t y0 = inImage / g.tilesX * kTile - g.top, x0 = inImage % g.tilesX * kTile - g.left;
  const float* base = image + n * g.height * g.width * g.channels;
  for (int i = 0; i < span; ++i) {
    for (int j = 0; j < span; ++j) {
      int64_t y = y0 + i, x = x0 + j;
      bool inside = y >= 0 && y < g.height && x >= 0 && x < g.width;
      pixels[i * span + j] = inside ? base + (y * g.width + x) * g.channels : zeros;
    }
  }
}

template <int kRows, int kVectors>
INLINE void Tile(int64_t depth, const float* a, int64_t rowStride, int64_t depthStride, const float* b, float* out,
                 bool add) {
  V sum[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) sum[r][v] = Zero();
  }
  for (int64_t d = 0; d < depth; ++d) {
    V right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = Load(b + (d * kVectors + v) * 16);
    for (int r = 0; r < kRows; ++r) {
      V left = Set(a[r * rowStride + d * depthStride]);
      for (int v = 0; v < kVectors; ++v) sum[r][v] = Fma(left, right[v], sum[r][v]);
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) {
      float* to = out + (r * kVectors + v) * 16;
      // Summed apart before it is added: long sums lose less that way.
      Store(to, add ? Load(to) + sum[r][v] : sum[r][v]);
    }
  }
}

constexpr int kRowTile = 8;
/// Filters of this many weights and more do not fit into the second-level cache when transformed.
constexpr int64_t kStreamedFilter = 256 * 256;

template <int kVectors>
INLINE void MultiplyPanel(int64_t rows, int64_t depth, const float* a, int64_t rowStride, int64_t depthStride,
                          const float* b, float* out, bool add) {
  int64_t r = 0;
  for (; r + kRowTile <= rows; r += kRowTile) {
    Tile<kRowTile, kVectors>(depth, a + r * rowStride, rowStride, depthStride, b, out + r * kVectors * 16, add);
  }
  for (; r + 4 <= rows; r += 4) {
    Tile<4, kVectors>(depth, a + r * rowStride, rowStride, depthStride, b, out + r * kVectors * 16, add);
  }
  for (; r < rows; ++r) {
    Tile<1, kVectors>(depth, a + r * rowStride, rowStride, depthStride, b, out + r * kVectors * 16, add);
  }
}

}  // namespace

void Multiply(int64_t rows, int64_t depth, const float* a, int64_t rowStride, int64_t depthStride, const float* b,
              int64_t width, float* out, bool add) {
  if (width == 32) {
    MultiplyPanel<2>(rows, depth, a, rowStride, depthStride, b, out, add);
  } else {
    MultiplyPanel<1>(rows, depth, a, rowStride, depthStride, b, out, add);
  }
}

void TransformInput(const Grid& grid, const float* image, int64_t begin, int64_t end, const float* zeros, Rows out) {
  const float* pixels[36];
  V d[36], t[36];
  for (int64_t tile = begin; tile < end; ++tile) {
    PixelsOfTile(grid, image, tile, 6, zeros, pixels);
    float* row = out.data + (tile - begin) * out.stride;
    for (int64_t c = 0; c < grid.channels; c += 16) {
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) d[6 * i + j] = Load(pixels[6 * i + j] + c);
        InputTransform1D(d + 6 * i, t + 6 * i, 1);
      }
      for (int j = 0; j < 6; ++j) {
        InputTransform1D(t + j, d + j, 6);
        for (int i = 0; i < 6; ++i) Store(row + (6 * i + j) * out.step + c, d[6 * i + j]);
      }
    }
  }
}

void TransformGradient(const Grid& grid, const float* image, int64_t begin, int64_t end, const float* zeros,
                       Panels out) {
  constexpr int kGroup = 16;  // tiles whose rows in a panel are written one after the other
  const float* pixels[kGroup][16];
  V d[16], t[24], u[36];
  for (int64_t first = begin; first < end; first += kGroup) {
    int64_t count = end - first < kGroup ? end - first : kGroup;
    for (int64_t k = 0; k < count; ++k) PixelsOfTile(grid, image, first + k, 4, zeros, pixels[k]);
    for (int64_t panel = 0; panel * out.width < grid.channels; ++panel) {
      for (int64_t k = 0; k < count; ++k) {
        float* row = out.data + (panel * out.rows + first - begin + k) * out.width;
        for (int64_t c = 0; c < out.width; c += 16) {
          for (int i = 0; i < 4; ++i) {
            for (int j = 0; j < 4; ++j) d[4 * i + j] = Load(pixels[k][4 * i + j] + panel * out.width + c);
            GradientTransform1D(d + 4 * i, t + 6 * i, 1, 1);
          }
          for (int j = 0; j < 6; ++j) {
            GradientTransform1D(t + j, u + j, 6, 6);
            for (int i = 0; i < 6; ++i) Store(row + (6 * i + j) * out.step + c, u[6 * i + j]);
          }
        }
      }
    }
  }
}

void TransformOutput(const Grid& grid, Panels in, int64_t begin, int64_t end, const float* bias, float* image) {
  V m[36], t[24], y[16];
  for (int64_t tile = begin; tile < end; ++tile) {
    int64_t n = tile / grid.PerImage(), inImage = tile % grid.PerImage();
    int64_t y0 = inImage / grid.tilesX * kTile, x0 = inImage % grid.tilesX * kTile;
    int64_t lines = grid.height - y0 < kTile ? grid.height - y0 : kTile;
    int64_t columns = grid.width - x0 < kTile ? grid.width - x0 : kTile;
    float* base = image + ((n * grid.height + y0) * grid.width + x0) * grid.channels;
    for (int64_t c = 0; c < grid.channels; c += 16) {
      const float* from = in.data + (c / in.width * in.rows + tile - begin) * in.width + c % in.width;
      for (int i = 0; i < 6; ++i) {
        for (int j = 0; j < 6; ++j) m[6 * i + j] = Load(from + (6 * i + j) * in.step);
        OutputTransform1D(m + 6 * i, t + 4 * i, 1, 1);
      }
      V add = bias ? Load(bias + c) : Zero();
      for (int j = 0; j < 4; ++j) {
        OutputTransform1D(t + j, y + j, 4, 4);
        if (bias) {
          for (int i = 0; i < 4; ++i) y[4 * i + j] = y[4 * i + j] + add;
        }
      }
      for (int64_t i = 0; i < lines; ++i) {
        for (int64_t j = 0; j < columns; ++j) Store(base + (i * grid.width + j) * grid.channels + c, y[4 * i + j]);
      }
    }
  }
}

void TransformFilter(const float* filter, int64_t in, int64_t out, bool backward, int64_t begin, int64_t end,
                     Panels to) {
  int64_t columns = backward ? in : out;
  bool large = in * out >= kStreamedFilter;
  const __m512i strided =
      _mm512_mullo_epi32(_mm512_set1_epi32(static_cast<int>(out)),
                         _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  V g[9], t[18], u[36];
  for (int64_t c0 = 0; c0 < columns; c0 += to.width) {
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = c0; c < c0 + to.width; c += 16) {
        for (int tap = 0; tap < 9; ++tap) {
          // Backward: row r is output channel r, columns are input channels, and the filter is turned.
          g[tap] = backward ? _mm512_i32gather_ps(strided, filter + ((8 - tap) * in + c) * out + r, 4)
                            : Load(filter + (tap * in + r) * out + c);
        }
        for (int i = 0; i < 3; ++i) FilterTransform1D(g + 3 * i, t + 6 * i, 1, 1);
        float* panel = to.data + (c0 / to.width * to.rows + r) * to.width + c - c0;
        for (int j = 0; j < 6; ++j) {
          FilterTransform1D(t + j, u + j, 6, 6);
          for (int i = 0; i < 6; ++i) {
            float* p = panel + (6 * i + j) * to.step;
            if (large) {
              Stream(p, u[6 * i + j]);
            } else {
              Store(p, u[6 * i + j]);
            }
          }
        }
      }
    }
  }
  if (large) _mm_sfence();
}

void TransformFilterGradient(const Panels* parts, int64_t count, int64_t in, int64_t out, int64_t begin, int64_t end,
                             float* gradient) {
  V m[36], t[18], w[9];
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t c = 0; c < out; c += 16) {
      int64_t offset = (c / parts[0].width * parts[0].rows + r) * parts[0].width + c % parts[0].width;
      for (int p = 0; p < kPositions; ++p) {
        m[p] = Load(parts[0].data + p * parts[0].step + offset);
        for (int64_t k = 1; k < count; ++k) m[p] = m[p] + Load(parts[k].data + p * parts[k].step + offset);
      }
      for (int i = 0; i < 6; ++i) TapTransform1D(m + 6 * i, t + 3 * i, 1, 1);
      for (int j = 0; j < 3; ++j) TapTransform1D(t + j, w + j, 3, 3);
      for (int tap = 0; tap < 9; ++tap) Store(gradient + (tap * in + r) * out + c, w[tap]);
    }
  }
}

}  // namespace simclr::winograd
#pragma GCC pop_options
#endif
