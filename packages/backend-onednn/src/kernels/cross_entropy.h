// Cross-entropy between targets and the softmax of logits, row-major float32 [rows, width], and its gradient.
#pragma once

#include <cstdint>

namespace simclr {

/// The sum over rows of weight * -sum_j target_j * log softmax(logits)_j.
float CrossEntropy(int64_t rows, int64_t width, const float* logits, const float* targets, const float* weights);

/// By row: dy * weight * (softmax(logits) * sum(targets) - targets).
void CrossEntropyGrad(int64_t rows, int64_t width, float dy, const float* logits, const float* targets,
                      const float* weights, float* gradient);

}  // namespace simclr
