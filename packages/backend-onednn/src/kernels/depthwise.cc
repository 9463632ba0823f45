#include "kernels/depthwise.h"

#include <algorithm>

#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

/// Channels that are summed in registers at a time.
constexpr int64_t kBlock = 32;
/// Multiplications worth about ten microseconds.
constexpr int64_t kGrain = 65536;

/// The taps k in [begin, end) of a window along one axis for which first + k * dilation lies in [0, size).
struct Taps {
  int64_t begin, end;
};

SIMCLR_INLINE inline Taps TapsInside(int64_t first, int64_t dilation, int64_t filter, int64_t size) {
  int64_t begin = first < 0 ? (-first + dilation - 1) / dilation : 0;
  int64_t end = first < size ? (size - 1 - first) / dilation + 1 : 0;
  return {begin, std::min(end, filter)};
}

/// Input channel of each output channel; with a multiplier of 1 both are the same and no table is read.
class ChannelMap {
 public:
  explicit ChannelMap(const ConvShape& s) : table_(static_cast<size_t>(s.outChannels)) {
    int64_t multiplier = s.channels == 0 ? 1 : s.outChannels / s.channels;
    for (int64_t c = 0; c < s.outChannels; ++c) table_[c] = static_cast<int32_t>(c / multiplier);
  }
  const int32_t* data() const { return table_.data(); }

 private:
  Scratch<int32_t> table_;
};

struct SameChannel {
  SIMCLR_INLINE int64_t operator()(int64_t c) const { return c; }
};
struct MappedChannel {
  const int32_t* table;
  SIMCLR_INLINE int64_t operator()(int64_t c) const { return table[c]; }
};

/// run(from output channel to input channel)
template <class Run>
void WithChannels(const ConvShape& s, const Run& run) {
  if (s.outChannels == s.channels) return run(SameChannel{});
  ChannelMap map(s);
  run(MappedChannel{map.data()});
}

int64_t RowGrain(const ConvShape& s, int64_t width) {
  return std::max<int64_t>(1, kGrain / std::max<int64_t>(1, width * s.outChannels * s.filterHeight * s.filterWidth));
}

/// Splits [0, channels) into whole blocks, whose loops have a constant length, and a rest.
template <class Body>
SIMCLR_INLINE inline void ForBlocks(int64_t channels, const Body& body) {
  int64_t c = 0;
  for (; c + kBlock <= channels; c += kBlock) body(c, kBlock);
  if (c < channels) body(c, channels - c);
}

template <class Channel>
void Forward(const ConvShape& s, Channel channelOf, const float* x, const float* filter, float* y) {
  ParallelFor(s.batch * s.outHeight, RowGrain(s, s.outWidth), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    for (int64_t r = begin; r < end; ++r) {
      const float* image = x + r / s.outHeight * s.height * s.width * s.channels;
      int64_t top = r % s.outHeight * s.strideHeight - s.padTop;
      Taps rows = TapsInside(top, s.dilationHeight, s.filterHeight, s.height);
      for (int64_t j = 0; j < s.outWidth; ++j) {
        int64_t left = j * s.strideWidth - s.padLeft;
        Taps columns = TapsInside(left, s.dilationWidth, s.filterWidth, s.width);
        float* out = y + (r * s.outWidth + j) * s.outChannels;
        ForBlocks(s.outChannels, [&](int64_t c, int64_t n) SIMCLR_INLINE {
          float sum[kBlock] = {};
          for (int64_t k = rows.begin; k < rows.end; ++k) {
            for (int64_t l = columns.begin; l < columns.end; ++l) {
              int64_t pixel = (top + k * s.dilationHeight) * s.width + left + l * s.dilationWidth;
              const float* in = image + pixel * s.channels;
              const float* weight = filter + (k * s.filterWidth + l) * s.outChannels + c;
#pragma omp simd
              for (int64_t i = 0; i < n; ++i) sum[i] += in[channelOf(c + i)] * weight[i];
            }
          }
          for (int64_t i = 0; i < n; ++i) out[c + i] = sum[i];
        });
      }
    }
  });
}

/// For each place of the input along one axis and each tap: the output whose window holds that place under that tap,
/// or -1.
Scratch<int32_t> OutputsOf(int64_t size, int64_t filter, int64_t stride, int64_t dilation, int64_t padBefore,
                           int64_t outSize) {
  Scratch<int32_t> outputs(static_cast<size_t>(size * filter));
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t k = 0; k < filter; ++k) {
      int64_t first = i + padBefore - k * dilation;
      bool holds = first >= 0 && first % stride == 0 && first / stride < outSize;
      outputs[static_cast<size_t>(i * filter + k)] = holds ? static_cast<int32_t>(first / stride) : -1;
    }
  }
  return outputs;
}

/// One pixel of dx before the sum over the multiplier: lanes[c] for each output channel. `rows` and `columns` are the
/// outputs that hold the pixel, one for each tap.
SIMCLR_INLINE inline void GatherPixel(const ConvShape& s, const float* image, const float* filter, const int32_t* rows,
                                      const int32_t* columns, float* lanes) {
  ForBlocks(s.outChannels, [&](int64_t c, int64_t n) SIMCLR_INLINE {
    float sum[kBlock] = {};
    for (int64_t k = 0; k < s.filterHeight; ++k) {
      if (rows[k] < 0) continue;
      for (int64_t l = 0; l < s.filterWidth; ++l) {
        if (columns[l] < 0) continue;
        const float* from = image + (rows[k] * s.outWidth + columns[l]) * s.outChannels + c;
        const float* weight = filter + (k * s.filterWidth + l) * s.outChannels + c;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) sum[i] += from[i] * weight[i];
      }
    }
    for (int64_t i = 0; i < n; ++i) lanes[c + i] = sum[i];
  });
}

template <class Channel>
void BackpropFilter(const ConvShape& s, Channel channelOf, const float* x, const float* dy, float* dfilter) {
  // Sums over a row in float32, over rows in float64: one partial result a chunk, added in order.
  int64_t size = DepthwiseFilterSize(s);
  Chunks chunks(s.batch * s.outHeight, RowGrain(s, s.outWidth));
  Scratch<double> partial(static_cast<size_t>(chunks.number * size));
  double* sums = partial.data();
  std::fill_n(sums, chunks.number * size, 0.0);
  ParallelChunks(chunks, [=](int chunk, int64_t begin, int64_t end) SIMCLR_INLINE {
    double* own = sums + chunk * size;
    for (int64_t r = begin; r < end; ++r) {
      const float* image = x + r / s.outHeight * s.height * s.width * s.channels;
      const float* gradients = dy + r * s.outWidth * s.outChannels;
      int64_t top = r % s.outHeight * s.strideHeight - s.padTop;
      Taps rows = TapsInside(top, s.dilationHeight, s.filterHeight, s.height);
      for (int64_t k = rows.begin; k < rows.end; ++k) {
        const float* row = image + (top + k * s.dilationHeight) * s.width * s.channels;
        for (int64_t l = 0; l < s.filterWidth; ++l) {
          int64_t first = l * s.dilationWidth - s.padLeft;
          Taps places = TapsInside(first, s.strideWidth, s.outWidth, s.width);
          ForBlocks(s.outChannels, [&](int64_t c, int64_t n) SIMCLR_INLINE {
            float sum[kBlock] = {};
            for (int64_t j = places.begin; j < places.end; ++j) {
              const float* in = row + (first + j * s.strideWidth) * s.channels;
              const float* gradient = gradients + j * s.outChannels + c;
#pragma omp simd
              for (int64_t i = 0; i < n; ++i) sum[i] += in[channelOf(c + i)] * gradient[i];
            }
            double* to = own + (k * s.filterWidth + l) * s.outChannels + c;
            for (int64_t i = 0; i < n; ++i) to[i] += sum[i];
          });
        }
      }
    }
  });
  for (int64_t i = 0; i < size; ++i) {
    double sum = 0;
    for (int chunk = 0; chunk < chunks.number; ++chunk) sum += sums[chunk * size + i];
    dfilter[i] = static_cast<float>(sum);
  }
}

}  // namespace

void DepthwiseConv2D(const ConvShape& s, const float* x, const float* filter, float* y) {
  WithChannels(s, [&](auto channelOf) { Forward(s, channelOf, x, filter, y); });
}

void DepthwiseBackpropInput(const ConvShape& s, const float* dy, const float* filter, float* dx) {
  if (s.InputSize() == 0) return;
  int64_t multiplier = s.outChannels / s.channels;
  Scratch<int32_t> rowTable =
      OutputsOf(s.height, s.filterHeight, s.strideHeight, s.dilationHeight, s.padTop, s.outHeight);
  Scratch<int32_t> columnTable =
      OutputsOf(s.width, s.filterWidth, s.strideWidth, s.dilationWidth, s.padLeft, s.outWidth);
  const int32_t *rows = rowTable.data(), *columns = columnTable.data();
  ParallelFor(s.batch * s.height, RowGrain(s, s.width), [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> scratch(static_cast<size_t>(s.outChannels));
    float* lanes = scratch.data();
    for (int64_t r = begin; r < end; ++r) {
      const float* image = dy + r / s.height * s.outHeight * s.outWidth * s.outChannels;
      for (int64_t w = 0; w < s.width; ++w) {
        const int32_t *rowsHere = rows + r % s.height * s.filterHeight, *columnsHere = columns + w * s.filterWidth;
        float* to = dx + (r * s.width + w) * s.channels;
        if (multiplier == 1) {
          GatherPixel(s, image, filter, rowsHere, columnsHere, to);
          continue;
        }
        GatherPixel(s, image, filter, rowsHere, columnsHere, lanes);
        for (int64_t c = 0; c < s.channels; ++c) {
          float sum = 0;
          for (int64_t q = 0; q < multiplier; ++q) sum += lanes[c * multiplier + q];
          to[c] = sum;
        }
      }
    }
  });
}

void DepthwiseBackpropFilter(const ConvShape& s, const float* x, const float* dy, float* dfilter) {
  WithChannels(s, [&](auto channelOf) { BackpropFilter(s, channelOf, x, dy, dfilter); });
}

}  // namespace simclr
