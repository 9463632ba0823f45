#include "kernels/pairs.h"

#include <algorithm>
#include <vector>

#include "runtime/parallel.h"
#include "runtime/pool.h"
#include "runtime/primitive.h"

namespace simclr {

#if defined(__x86_64__)
using namespace pairs;

namespace {

/// Pairs of outputs that are packed and multiplied at a time: enough for sums to stay long in registers, few enough to stay
/// in the first-level cache.
constexpr int64_t kPairs = 128;
/// What one thread packs at a time: some lines of one image, or all lines of some images.
struct Band {
  int64_t images, lines;
};

Band BandOf(const ConvShape& s, int64_t pairs) {
  int64_t ofImage = pairs * s.outHeight;
  if (ofImage > kPairs) return {1, std::max<int64_t>(kPairs / pairs, 1)};
  return {std::max<int64_t>(kPairs / ofImage, 1), s.outHeight};
}

/// Adds the products of images [begin, end) to `sums`, which it sets first.
void SumImages(const ConvShape& s, const BFloat16* x, const BFloat16* dy, int64_t begin, int64_t end, float* sums) {
  Line line{s.width, s.channels, s.filterWidth, s.strideWidth, s.padLeft, s.outWidth};
  int64_t pairs = line.Pairs(), inputs = line.Inputs(), panelWidth = s.outChannels % 32 == 0 ? 32 : 16;
  Band most = BandOf(s, pairs);
  int64_t inputLines = (most.lines - 1) * s.strideHeight + s.filterHeight;
  int64_t inputStep = pairs * inputs, panelStep = most.images * most.lines * pairs * panelWidth;
  Scratch<Pair> inputPairs(static_cast<size_t>(most.images * inputLines * inputStep));
  Scratch<Pair> gradientPairs(static_cast<size_t>(panelStep * (s.outChannels / panelWidth)));
  std::vector<int64_t> offsets(static_cast<size_t>(most.images * most.lines));
  bool add = false;
  for (int64_t image = begin; image < end; image += most.images) {
    int64_t images = std::min(most.images, end - image);
    for (int64_t top = 0; top < s.outHeight; top += most.lines, add = true) {
      int64_t lines = std::min(most.lines, s.outHeight - top), count = images * lines;
      for (int64_t i = 0; i < images; ++i) {
        for (int64_t k = 0; k < (lines - 1) * s.strideHeight + s.filterHeight; ++k) {
          int64_t y = top * s.strideHeight - s.padTop + k;
          Pair* to = inputPairs.data() + (i * inputLines + k) * inputStep;
          if (y < 0 || y >= s.height) {
            std::fill_n(to, inputStep, Pair{0});
          } else {
            PackInputs(line, x + ((image + i) * s.height + y) * s.width * s.channels, to);
          }
        }
        for (int64_t k = 0; k < lines; ++k) {
          int64_t at = i * lines + k;
          PackGradients(dy + ((image + i) * s.outHeight + top + k) * s.outWidth * s.outChannels, s.outWidth,
                        s.outChannels, panelWidth, panelStep, gradientPairs.data() + at * pairs * panelWidth);
          offsets[static_cast<size_t>(at)] = (i * inputLines + k * s.strideHeight) * inputStep;
        }
      }
      for (int64_t panel = 0; panel * panelWidth < s.outChannels; ++panel) {
        for (int64_t row = 0; row < s.filterHeight; ++row) {
          Multiply(inputPairs.data() + row * inputStep, offsets.data(), count, pairs, inputs,
                   gradientPairs.data() + panel * panelStep, panelWidth,
                   sums + row * inputs * s.outChannels + panel * panelWidth, s.outChannels, add);
        }
      }
    }
  }
}

}  // namespace

bool PairsApply(const ConvShape& s) {
  if (kIsa != Isa::kAvx512 || !MultipliesBfloat16()) return false;
  bool suits = s.dilationHeight == 1 && s.dilationWidth == 1 && s.channels % 16 == 0 && s.outChannels % 16 == 0;
  bool strided = s.strideHeight * s.strideWidth > 1 && s.filterHeight * s.filterWidth > 1;
  return suits && strided && s.FilterSize() > 0;
}

void PairsBackpropFilter(const ConvShape& s, const BFloat16* x, const BFloat16* dy, float* dfilter) {
  Chunks chunks(s.batch, 1);
  int64_t size = s.FilterSize();
  Scratch<float> others(static_cast<size_t>(std::max(chunks.number - 1, 0) * size));
  float* more = others.data();
  ParallelChunks(chunks, [&](int chunk, int64_t begin, int64_t end) {
    SumImages(s, x, dy, begin, end, chunk == 0 ? dfilter : more + (chunk - 1) * size);
  });
  for (int chunk = 1; chunk < chunks.number; ++chunk) {
    const float* part = more + (chunk - 1) * size;
    for (int64_t i = 0; i < size; ++i) dfilter[i] += part[i];
  }
}

#else

bool PairsApply(const ConvShape&) { return false; }
void PairsBackpropFilter(const ConvShape&, const BFloat16*, const BFloat16*, float*) {}

#endif

}  // namespace simclr
