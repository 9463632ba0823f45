// oneDNN primitives, kept by shape. An operation is described once (what we hold, what oneDNN prefers) and
// then run many times; reorders between the two are part of it.
#pragma once

#include <dnnl.hpp>

#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "runtime/pool.h"

namespace simclr {

const dnnl::engine& Engine();
dnnl::stream& Stream();

/// One operand of an operation: `held` is our layout, `wanted` is the primitive's.
struct Operand {
  int argument;  // DNNL_ARG_*
  dnnl::memory::desc held;
  dnnl::memory::desc wanted;
  bool isOutput;
};

/// A primitive with its operands' reorders; scratch memory comes from the pool.
class Operation {
 public:
  Operation(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad, const std::vector<Operand>& operands);
  /// `data[i]` belongs to the i-th operand.
  void Run(const std::vector<void*>& data) const;

 private:
  struct Slot {
    Operand operand;
    dnnl::reorder reorder;  // empty if held equals wanted
    dnnl::memory::desc reorderScratch;
  };
  dnnl::primitive primitive_;
  dnnl::memory::desc scratchpad_;
  std::vector<Slot> slots_;
};

using Key = std::vector<int64_t>;

/// The operation of this key, made on first use. Bounded; the least recently used one goes first.
std::shared_ptr<const Operation> Cached(const Key& key, const std::function<Operation()>& make);
size_t CachedOperations();
/// Drops them all: they are planned for a number of threads.
void ForgetOperations();

/// Scratchpad in user mode: every primitive here takes it from the pool.
dnnl::primitive_attr Attributes();
/// Whether the processor multiplies bfloat16 itself. Where it does not, kernels multiply its values as float32, since
/// oneDNN would emulate it, more slowly, and only with AVX-512.
bool MultipliesBfloat16();

}  // namespace simclr
