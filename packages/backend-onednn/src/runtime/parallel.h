// Parallel loops. Every loop body is compiled for plain x86-64, AVX2 and AVX-512 and the best one that the
// processor has is called, so one binary runs everywhere. Work is cut the same way every time, so results
// are the same bit for bit for a given number of threads.
#pragma once

#include <algorithm>
#include <cstdint>

/// Goes behind a loop body's parameter list. Bodies and every helper they call must be inlined into the
/// functions below, or they stay baseline code: `[=](int64_t begin, int64_t end) SIMCLR_INLINE { ... }`.
#define SIMCLR_INLINE __attribute__((always_inline))

namespace simclr {

enum class Isa { kBaseline, kAvx2, kAvx512 };
/// What the addon's own kernels use: the best that the processor has, at most what SIMCLR_MAX_ISA (`baseline`, `avx2`,
/// `avx512`) or, where that is not set, oneDNN's DNNL_MAX_CPU_ISA allows.
extern const Isa kIsa;
const char* NameOf(Isa isa);
/// Holds oneDNN to SIMCLR_MAX_ISA too, unless DNNL_MAX_CPU_ISA says otherwise. To be called before oneDNN's first work.
/// Throws std::invalid_argument if SIMCLR_MAX_ISA is none of the three.
void LimitOnednn();

/// Threads that parallel loops (and oneDNN) use, in all of the process; 1 until they are set.
int Threads();
bool ThreadsAreSet();
void SetThreads(int threads);
/// Tells OpenMP, whose setting belongs to the calling thread and which oneDNN asks. Cheap where it knows.
void ApplyThreads();

namespace internal {

#if defined(__x86_64__)
#define SIMCLR_AVX512 \
  __attribute__((noinline, target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2,f16c,prefer-vector-width=512")))
#define SIMCLR_AVX2 __attribute__((noinline, target("avx2,fma,bmi2,f16c")))
template <class Body>
SIMCLR_AVX512 void CallAvx512(const Body& body, int chunk, int64_t begin, int64_t end) {
  body(chunk, begin, end);
}
template <class Body>
SIMCLR_AVX2 void CallAvx2(const Body& body, int chunk, int64_t begin, int64_t end) {
  body(chunk, begin, end);
}
#endif
template <class Body>
__attribute__((noinline)) void CallBaseline(const Body& body, int chunk, int64_t begin, int64_t end) {
  body(chunk, begin, end);
}

template <class Body>
void Call(const Body& body, int chunk, int64_t begin, int64_t end) {
#if defined(__x86_64__)
  if (kIsa == Isa::kAvx512) return CallAvx512(body, chunk, begin, end);
  if (kIsa == Isa::kAvx2) return CallAvx2(body, chunk, begin, end);
#endif
  CallBaseline(body, chunk, begin, end);
}

/// Runs call(context, i) for i in [0, chunks) on as many threads.
void RunChunks(int chunks, void (*call)(const void* context, int chunk), const void* context);

}  // namespace internal

/// How [0, count) is cut: at most Threads() chunks of at least `grain` items, borders on multiples of 16.
struct Chunks {
  int64_t count;
  int64_t size;
  int number;
  Chunks(int64_t total, int64_t grain) : count(total) {
    int64_t wanted = std::min<int64_t>(Threads(), (total + grain - 1) / std::max<int64_t>(grain, 1));
    wanted = std::max<int64_t>(wanted, 1);
    size = (total + wanted - 1) / wanted;
    if (size >= 256) size = (size + 15) / 16 * 16;
    number = size > 0 ? static_cast<int>((total + size - 1) / size) : 0;
  }
};

/// body(chunk, begin, end) for each chunk; for reductions that keep one partial result per chunk.
template <class Body>
void ParallelChunks(const Chunks& chunks, const Body& body) {
  if (chunks.number == 0) return;
  if (chunks.number == 1) return internal::Call(body, 0, 0, chunks.count);
  struct Context {
    const Chunks& chunks;
    const Body& body;
  } context{chunks, body};
  internal::RunChunks(
      chunks.number,
      [](const void* raw, int chunk) {
        const Context& c = *static_cast<const Context*>(raw);
        int64_t begin = chunk * c.chunks.size;
        internal::Call(c.body, chunk, begin, std::min(c.chunks.count, begin + c.chunks.size));
      },
      &context);
}

/// body(begin, end) over [0, count), on several threads if there are more than `grain` items.
/// Grain: items worth about 10 microseconds (32768 for an addition, 1 for an image).
template <class Body>
void ParallelFor(int64_t count, int64_t grain, const Body& body) {
  ParallelChunks(Chunks(count, grain),
                 [&body](int, int64_t begin, int64_t end) SIMCLR_INLINE { body(begin, end); });
}

}  // namespace simclr
