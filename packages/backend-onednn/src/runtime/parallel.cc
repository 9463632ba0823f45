#include "runtime/parallel.h"

#include <omp.h>

namespace simclr {
namespace {
int threads = 1;
}

Isa DetectIsa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::kAvx2;
#endif
  return Isa::kBaseline;
}

const Isa kIsa = DetectIsa();

int Threads() { return threads; }

void SetThreads(int count) {
  threads = std::max(1, count);
  omp_set_dynamic(0);
  omp_set_num_threads(threads);  // oneDNN's own loops follow this too
}

void internal::RunChunks(int chunks, void (*call)(const void*, int), const void* context) {
#pragma omp parallel for num_threads(chunks) schedule(static, 1)
  for (int chunk = 0; chunk < chunks; ++chunk) call(context, chunk);
}

}  // namespace simclr
