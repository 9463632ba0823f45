#include "kernels/narrow.h"

#include <algorithm>
#include <vector>

#include "runtime/parallel.h"
#include "runtime/pool.h"
#include "runtime/primitive.h"

namespace simclr {

#if defined(__x86_64__)
using namespace narrow;

namespace {

/// Lines of outputs whose inputs are copied at a time: few enough to stay in the first-level cache.
constexpr int64_t kLines = 8;

int64_t RoundUp(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/// What a convolution reads: images of `height` x `width` pixels, padded so that outputs are `outHeight` x `outWidth`.
struct Source {
  int64_t height, width, padTop, padLeft, outHeight, outWidth;
  /// Of a padded line: as many pixels as whole tiles of outputs look at.
  int64_t Stride() const { return (RoundUp(outWidth, kPixels) + kTaps - 1) * kChannels; }
};

Source Forwards(const ConvShape& s) { return {s.height, s.width, s.padTop, s.padLeft, s.outHeight, s.outWidth}; }

/// The gradient of the input is a convolution of dy with the filter turned by 180 degrees.
Source Backwards(const ConvShape& s) {
  return {s.outHeight, s.outWidth, kTaps - 1 - s.padTop, kTaps - 1 - s.padLeft, s.height, s.width};
}

/// The lines that outputs [top, top + lines) look at, with zeros beside the image.
void CopyPadded(const Source& s, const BFloat16* image, int64_t top, int64_t lines, BFloat16* out) {
  int64_t stride = s.Stride(), line = s.width * kChannels, left = s.padLeft * kChannels;
  for (int64_t k = 0; k < lines + kTaps - 1; ++k, out += stride) {
    int64_t y = top + k - s.padTop;
    if (y < 0 || y >= s.height) {
      std::fill_n(out, stride, BFloat16{0});
      continue;
    }
    int64_t count = std::min(line, stride - left);  // beyond is what no output looks at
    std::fill_n(out, left, BFloat16{0});
    std::copy_n(image + y * line, count, out + left);
    std::fill(out + left + count, out + stride, BFloat16{0});
  }
}

/// Asks for memory that is wanted soon: it is read once, faster than the processor's own guesses of what comes next would have it.
void Prefetch(const BFloat16* begin, int64_t count) {
  for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof *begin)) __builtin_prefetch(begin + i, 0, 2);
}

/// Calls f(first line of outputs, number of lines, their padded inputs), band by band.
template <class F>
void ForBands(const Source& s, const BFloat16* image, BFloat16* padded, const F& f) {
  for (int64_t top = 0; top < s.outHeight; top += kLines) {
    int64_t lines = std::min(kLines, s.outHeight - top);
    CopyPadded(s, image, top, lines, padded);
    Prefetch(image + (top + kLines) * s.width * kChannels, kLines * s.width * kChannels);
    f(top, lines, padded);
  }
}

Scratch<BFloat16> PaddedLines(const Source& s) {
  return Scratch<BFloat16>(static_cast<size_t>((kLines + kTaps - 1) * s.Stride()));
}

Pair PairOf(float first, float second) {
  return FromFloat<BFloat16>(first).bits | static_cast<Pair>(FromFloat<BFloat16>(second).bits) << 16;
}

/// As ConvolveLine wants it. at(line, tap, input, output) is a weight.
template <class At>
std::vector<Pair> PackFilter(const At& at) {
  std::vector<Pair> pairs;
  pairs.reserve(kFilterPairs);
  for (int64_t line = 0; line < kTaps; ++line) {
    for (int64_t in = 0; in < kChannels; in += 2) {
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        for (int64_t out = 0; out < kChannels; ++out) {
          pairs.push_back(PairOf(at(line, tap, in, out), at(line, tap, in + 1, out)));
        }
      }
    }
  }
  return pairs;
}

void Convolve(const Source& s, int64_t batch, const BFloat16* x, const std::vector<Pair>& filter, const float* bias,
              BFloat16* y) {
  ParallelFor(batch, 1, [&](int64_t begin, int64_t end) {
    Scratch<BFloat16> padded = PaddedLines(s);
    for (int64_t image = begin; image < end; ++image) {
      BFloat16* out = y + image * s.outHeight * s.outWidth * kChannels;
      ForBands(s, x + image * s.height * s.width * kChannels, padded.data(),
               [&](int64_t top, int64_t lines, const BFloat16* inputs) {
                 for (int64_t k = 0; k < lines; ++k) {
                   const BFloat16* three[kTaps];
                   for (int64_t i = 0; i < kTaps; ++i) three[i] = inputs + (k + i) * s.Stride();
                   ConvolveLine(three, filter.data(), bias, s.outWidth, out + (top + k) * s.outWidth * kChannels);
                 }
               });
    }
  });
}

}  // namespace

bool NarrowApplies(const ConvShape& s) {
  if (kIsa != Isa::kAvx512 || !MultipliesBfloat16()) return false;
  bool filter = s.filterHeight == kTaps && s.filterWidth == kTaps && s.channels == kChannels && s.outChannels == kChannels;
  bool dense = s.strideHeight == 1 && s.strideWidth == 1 && s.dilationHeight == 1 && s.dilationWidth == 1;
  if (!filter || !dense || s.padTop >= kTaps || s.padLeft >= kTaps) return false;
  // Outputs beyond a line's end are work for nothing.
  auto efficient = [](int64_t width) { return 4 * width >= 3 * RoundUp(width, kPixels); };
  return efficient(s.width) && efficient(s.outWidth);
}

void NarrowConv2D(const ConvShape& s, const BFloat16* x, const float* filter, const float* bias, BFloat16* y) {
  auto weight = [=](int64_t line, int64_t tap, int64_t in, int64_t out) {
    return filter[((line * kTaps + tap) * kChannels + in) * kChannels + out];
  };
  Convolve(Forwards(s), s.batch, x, PackFilter(weight), bias, y);
}

void NarrowBackpropInput(const ConvShape& s, const BFloat16* dy, const float* filter, BFloat16* dx) {
  auto weight = [=](int64_t line, int64_t tap, int64_t in, int64_t out) {
    return filter[(((kTaps - 1 - line) * kTaps + kTaps - 1 - tap) * kChannels + out) * kChannels + in];
  };
  Convolve(Backwards(s), s.batch, dy, PackFilter(weight), nullptr, dx);
}

void NarrowBackpropFilter(const ConvShape& shape, const BFloat16* x, const BFloat16* dy, float* dfilter) {
  Source s = Forwards(shape);
  int64_t pairs = (s.outWidth + 1) / 2;
  Chunks chunks(shape.batch, 1);
  std::vector<float> memory(static_cast<size_t>(chunks.number * kSums));
  ParallelChunks(chunks, [&](int chunk, int64_t begin, int64_t end) {
    Scratch<BFloat16> padded = PaddedLines(s);
    Scratch<Pair> gradients(static_cast<size_t>(kLines * pairs * kChannels));
    float* sums = memory.data() + chunk * kSums;
    for (int64_t image = begin; image < end; ++image) {
      const BFloat16* gradient = dy + image * s.outHeight * s.outWidth * kChannels;
      ForBands(s, x + image * s.height * s.width * kChannels, padded.data(),
               [&](int64_t top, int64_t lines, const BFloat16* inputs) {
                 for (int64_t k = 0; k < lines; ++k) {
                   pairs::PackGradients(gradient + (top + k) * s.outWidth * kChannels, s.outWidth, kChannels, kChannels, 0,
                                        gradients.data() + k * pairs * kChannels);
                 }
                 Prefetch(gradient + (top + kLines) * s.outWidth * kChannels, kLines * s.outWidth * kChannels);
                 AddProducts(inputs, s.Stride(), gradients.data(), lines, pairs, sums);
               });
    }
  });
  for (int64_t tap = 0; tap < kTaps * kTaps; ++tap) {
    for (int64_t in = 0; in < kChannels; ++in) {
      for (int64_t out = 0; out < kChannels; ++out) {
        float sum = 0;
        for (int chunk = 0; chunk < chunks.number; ++chunk) sum += memory[chunk * kSums + (tap * kChannels + out) * kChannels + in];
        dfilter[(tap * kChannels + in) * kChannels + out] = sum;
      }
    }
  }
}

#else

bool NarrowApplies(const ConvShape&) { return false; }
void NarrowConv2D(const ConvShape&, const BFloat16*, const float*, const float*, BFloat16*) {}
void NarrowBackpropInput(const ConvShape&, const BFloat16*, const float*, BFloat16*) {}
void NarrowBackpropFilter(const ConvShape&, const BFloat16*, const BFloat16*, float*) {}

#endif

}  // namespace simclr
