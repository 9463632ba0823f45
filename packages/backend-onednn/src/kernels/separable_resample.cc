#include <stdexcept>
#include <string>

#include "kernels/images.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

namespace simclr {
namespace {

void CheckIndices(const int32_t* index, int64_t count, int64_t size, const char* name) {
  for (int64_t i = 0; i < count; ++i) {
    if (index[i] < 0 || index[i] >= size) {
      throw std::out_of_range(std::string("SeparableResample: ") + name + " must be in [0, " +
                              std::to_string(size - 1) + "]; received " + std::to_string(index[i]));
    }
  }
}

}  // namespace

void SeparableResample(const ResampleShape& s, const float* images, const int32_t* rowIndex, const float* rowWeight,
                       const int32_t* columnIndex, const float* columnWeight, float* out) {
  CheckIndices(rowIndex, s.batch * s.outHeight * s.rowTaps, s.height, "rowIndex");
  CheckIndices(columnIndex, s.batch * s.outWidth * s.columnTaps, s.width, "columnIndex");
  int64_t rowSize = s.width * s.channels;
  ParallelFor(s.batch * s.outHeight, 4, [=](int64_t begin, int64_t end) SIMCLR_INLINE {
    Scratch<float> scratch(static_cast<size_t>(rowSize));
    float* mixed = scratch.data();
    for (int64_t r = begin; r < end; ++r) {
      int64_t n = r / s.outHeight;
      const float* image = images + n * s.height * rowSize;
      for (int64_t k = 0; k < s.rowTaps; ++k) {
        float weight = rowWeight[r * s.rowTaps + k];
        const float* row = image + rowIndex[r * s.rowTaps + k] * rowSize;
        if (k == 0) {
#pragma omp simd
          for (int64_t i = 0; i < rowSize; ++i) mixed[i] = weight * row[i];
        } else {
#pragma omp simd
          for (int64_t i = 0; i < rowSize; ++i) mixed[i] += weight * row[i];
        }
      }
      for (int64_t j = 0; j < s.outWidth; ++j) {
        int64_t tap = (n * s.outWidth + j) * s.columnTaps;
        float* pixel = out + (r * s.outWidth + j) * s.channels;
        for (int64_t c = 0; c < s.channels; ++c) {
          float sum = 0;
          for (int64_t l = 0; l < s.columnTaps; ++l) {
            sum += columnWeight[tap + l] * mixed[columnIndex[tap + l] * s.channels + c];
          }
          pixel[c] = sum;
        }
      }
    }
  });
}

}  // namespace simclr
