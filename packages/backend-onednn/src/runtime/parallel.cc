#include "runtime/parallel.h"

#include <omp.h>

#include <atomic>
#include <cstdlib>
#include <dnnl.hpp>
#include <optional>
#include <stdexcept>
#include <string>

namespace simclr {
namespace {

std::atomic<int> threads{0};  // 0: not set

Isa DetectIsa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx512;
  }
  if (avx2) return Isa::kAvx2;
#endif
  return Isa::kBaseline;
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::optional<Isa> Asked() {
  std::string name = Variable("SIMCLR_MAX_ISA");
  for (Isa isa : {Isa::kBaseline, Isa::kAvx2, Isa::kAvx512}) {
    if (name == NameOf(isa)) return isa;
  }
  return std::nullopt;
}

std::string OnednnLimit() {
  std::string limit = Variable("DNNL_MAX_CPU_ISA");
  return limit.empty() ? Variable("ONEDNN_MAX_CPU_ISA") : limit;
}

/// The most that oneDNN's own variable leaves to us.
Isa FollowOnednn() {
  std::string limit = OnednnLimit();
  if (limit == "SSE41" || limit == "AVX") return Isa::kBaseline;
  if (limit.rfind("AVX2", 0) == 0) return Isa::kAvx2;
  return Isa::kAvx512;
}

}  // namespace

const Isa kIsa = std::min(DetectIsa(), Asked().value_or(FollowOnednn()));

const char* NameOf(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    default:
      return "baseline";
  }
}

void LimitOnednn() {
  std::string name = Variable("SIMCLR_MAX_ISA");
  if (name.empty()) return;
  std::optional<Isa> asked = Asked();
  if (!asked) {
    throw std::invalid_argument("SIMCLR_MAX_ISA must be baseline, avx2 or avx512; received \"" + name +
                                "\". Unset it to use all that the processor has.");
  }
  if (!OnednnLimit().empty() || *asked == Isa::kAvx512) return;
  dnnl::set_max_cpu_isa(*asked == Isa::kAvx2 ? dnnl::cpu_isa::avx2 : dnnl::cpu_isa::sse41);
}

int Threads() { return std::max(1, threads.load(std::memory_order_relaxed)); }

bool ThreadsAreSet() { return threads.load() > 0; }

void SetThreads(int count) {
  threads = std::max(1, count);
  ApplyThreads();
}

void ApplyThreads() {
  static thread_local int applied = 0;
  int count = Threads();
  if (applied == count) return;
  omp_set_dynamic(0);
  omp_set_num_threads(count);
  applied = count;
}

void internal::RunChunks(int chunks, void (*call)(const void*, int), const void* context) {
#pragma omp parallel for num_threads(chunks) schedule(static, 1)
  for (int chunk = 0; chunk < chunks; ++chunk) call(context, chunk);
}

}  // namespace simclr
