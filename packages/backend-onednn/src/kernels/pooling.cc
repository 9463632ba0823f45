#include "kernels/pooling.h"

#include <algorithm>
#include <limits>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// Calls f(cell) for the cells of window (oh, ow) that lie inside the image; cell counts pixels.
template <class F>
SIMCLR_INLINE inline void ForWindow(const PoolShape& s, int64_t oh, int64_t ow, const F& f) {
  for (int64_t kh = 0; kh < s.filterHeight; ++kh) {
    int64_t h = oh * s.strideHeight - s.padTop + kh * s.dilationHeight;
    if (h < 0 || h >= s.height) continue;
    for (int64_t kw = 0; kw < s.filterWidth; ++kw) {
      int64_t w = ow * s.strideWidth - s.padLeft + kw * s.dilationWidth;
      if (w < 0 || w >= s.width) continue;
      f(h * s.width + w);
    }
  }
}

}  // namespace

template <class T>
void MaxPool(const PoolShape& s, const T* x, T* y) {
  ParallelFor(s.batch * s.outHeight, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> best(static_cast<size_t>(s.channels));
    float* top = best.data();
    for (int64_t row = begin; row < end; ++row) {
      int64_t n = row / s.outHeight, oh = row % s.outHeight;
      const T* image = x + n * s.height * s.width * s.channels;
      for (int64_t ow = 0; ow < s.outWidth; ++ow) {
        std::fill_n(top, s.channels, -std::numeric_limits<float>::infinity());
        ForWindow(s, oh, ow, [&](int64_t cell) SIMCLR_INLINE {
          const T* in = image + cell * s.channels;
#pragma omp simd
          for (int64_t c = 0; c < s.channels; ++c) {
            float value = ToFloat(in[c]);
            top[c] = value > top[c] ? value : top[c];
          }
        });
        T* out = y + (row * s.outWidth + ow) * s.channels;
#pragma omp simd
        for (int64_t c = 0; c < s.channels; ++c) out[c] = FromFloat<T>(top[c]);
      }
    }
  });
}

template <class T>
void MaxPoolGrad(const PoolShape& s, const T* dy, const T* x, T* dx) {
  int64_t imageSize = s.height * s.width * s.channels;
  // Windows overlap, so one thread owns a whole image and sums it in float32.
  ParallelFor(s.batch, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> best(static_cast<size_t>(s.channels)), sums(static_cast<size_t>(imageSize));
    Scratch<int32_t> where(static_cast<size_t>(s.channels));
    float *top = best.data(), *gradient = sums.data();
    int32_t* cellOf = where.data();
    for (int64_t n = begin; n < end; ++n) {
      const T* image = x + n * imageSize;
      std::fill_n(gradient, imageSize, 0.0f);
      for (int64_t o = 0; o < s.outHeight * s.outWidth; ++o) {
        for (int64_t c = 0; c < s.channels; ++c) {
          top[c] = -std::numeric_limits<float>::infinity();
          cellOf[c] = -1;
        }
        ForWindow(s, o / s.outWidth, o % s.outWidth, [&](int64_t cell) SIMCLR_INLINE {
          const T* in = image + cell * s.channels;
          int32_t index = static_cast<int32_t>(cell);
          for (int64_t c = 0; c < s.channels; ++c) {
            float value = ToFloat(in[c]);
            bool larger = value > top[c] || cellOf[c] < 0;
            top[c] = larger ? value : top[c];
            cellOf[c] = larger ? index : cellOf[c];
          }
        });
        const T* out = dy + (n * s.outHeight * s.outWidth + o) * s.channels;
        for (int64_t c = 0; c < s.channels; ++c) {
          if (cellOf[c] >= 0) gradient[cellOf[c] * s.channels + c] += ToFloat(out[c]);
        }
      }
      T* target = dx + n * imageSize;
      for (int64_t i = 0; i < imageSize; ++i) target[i] = FromFloat<T>(gradient[i]);
    }
  });
}

void AvgPool(const PoolShape& s, const float* x, float* y) {
  ParallelFor(s.batch * s.outHeight, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t row = begin; row < end; ++row) {
      int64_t n = row / s.outHeight, oh = row % s.outHeight;
      const float* image = x + n * s.height * s.width * s.channels;
      for (int64_t ow = 0; ow < s.outWidth; ++ow) {
        float* out = y + (row * s.outWidth + ow) * s.channels;
        for (int64_t c = 0; c < s.channels; ++c) out[c] = 0;
        int64_t cells = 0;
        ForWindow(s, oh, ow, [&](int64_t cell) SIMCLR_INLINE {
          ++cells;
          const float* in = image + cell * s.channels;
          for (int64_t c = 0; c < s.channels; ++c) out[c] += in[c];
        });
        float divisor = static_cast<float>(cells);
        for (int64_t c = 0; c < s.channels; ++c) out[c] /= divisor;
      }
    }
  });
}

void AvgPoolGrad(const PoolShape& s, const float* dy, float* dx) {
  int64_t imageSize = s.height * s.width * s.channels;
  float scale = 1.0f / static_cast<float>(s.filterHeight * s.filterWidth);
  ParallelFor(s.batch, 1, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t n = begin; n < end; ++n) {
      float* gradient = dx + n * imageSize;
      std::fill_n(gradient, imageSize, 0.0f);
      for (int64_t o = 0; o < s.outHeight * s.outWidth; ++o) {
        const float* out = dy + (n * s.outHeight * s.outWidth + o) * s.channels;
        ForWindow(s, o / s.outWidth, o % s.outWidth, [&](int64_t cell) SIMCLR_INLINE {
          float* in = gradient + cell * s.channels;
          for (int64_t c = 0; c < s.channels; ++c) in[c] += out[c] * scale;
        });
      }
    }
  });
}

template void MaxPool<float>(const PoolShape&, const float*, float*);
template void MaxPool<BFloat16>(const PoolShape&, const BFloat16*, BFloat16*);
template void MaxPoolGrad<float>(const PoolShape&, const float*, const float*, float*);
template void MaxPoolGrad<BFloat16>(const PoolShape&, const BFloat16*, const BFloat16*, BFloat16*);

}  // namespace simclr
