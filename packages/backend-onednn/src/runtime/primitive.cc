#include "runtime/primitive.h"

#include <list>
#include <mutex>

#include "runtime/parallel.h"

namespace simclr {
namespace {

constexpr size_t kMaxCached = 512;

struct KeyHash {
  size_t operator()(const Key& key) const {
    uint64_t hash = 1469598103934665603ull;
    for (int64_t value : key) {
      hash ^= static_cast<uint64_t>(value);
      hash *= 1099511628211ull;
    }
    return hash;
  }
};

struct Cache {
  using Entry = std::pair<Key, std::shared_ptr<const Operation>>;
  std::mutex mutex;
  std::list<Entry> recent;  // most recently used first
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> index;
};

Cache& TheCache() {
  static Cache* cache = new Cache();
  return *cache;
}

dnnl::memory Wrap(const dnnl::memory::desc& desc, void* data) { return dnnl::memory(desc, Engine(), data); }

}  // namespace

const dnnl::engine& Engine() {
  static const dnnl::engine* engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

dnnl::stream& Stream() {
  static thread_local dnnl::stream stream(Engine());
  ApplyThreads();
  return stream;
}

dnnl::primitive_attr Attributes() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

bool MultipliesBfloat16() {
  auto has = [](dnnl::cpu_isa wanted) {
    int bits = static_cast<int>(wanted);
    return (static_cast<int>(dnnl::get_effective_cpu_isa()) & bits) == bits;
  };
  static const bool multiplies = has(dnnl::cpu_isa::avx512_core_bf16);
  return multiplies;
}

Operation::Operation(dnnl::primitive primitive, const dnnl::memory::desc& scratchpad,
                     const std::vector<Operand>& operands)
    : primitive_(std::move(primitive)), scratchpad_(scratchpad) {
  for (const Operand& operand : operands) {
    Slot slot{operand, {}, {}};
    if (operand.held != operand.wanted) {
      const auto& from = operand.isOutput ? operand.wanted : operand.held;
      const auto& to = operand.isOutput ? operand.held : operand.wanted;
      dnnl::reorder::primitive_desc desc(Engine(), from, Engine(), to, Attributes());
      slot.reorder = dnnl::reorder(desc);
      slot.reorderScratch = desc.scratchpad_desc();
    }
    slots_.push_back(std::move(slot));
  }
}

void Operation::Run(const std::vector<void*>& data) const {
  dnnl::stream& stream = Stream();
  Pool& pool = Pool::Get();
  auto reorder = [&](const Slot& slot, const dnnl::memory& from, const dnnl::memory& to) {
    Block scratch = pool.Allocate(slot.reorderScratch.get_size());
    slot.reorder.execute(stream, {{DNNL_ARG_FROM, from},
                                  {DNNL_ARG_TO, to},
                                  {DNNL_ARG_SCRATCHPAD, Wrap(slot.reorderScratch, scratch.data())}});
  };

  std::vector<Block> converted(slots_.size());
  std::unordered_map<int, dnnl::memory> arguments;
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    void* address = data[i];
    if (slot.reorder) {
      converted[i] = pool.Allocate(slot.operand.wanted.get_size());
      address = converted[i].data();
      if (!slot.operand.isOutput) reorder(slot, Wrap(slot.operand.held, data[i]), Wrap(slot.operand.wanted, address));
    }
    arguments.emplace(slot.operand.argument, Wrap(slot.operand.wanted, address));
  }
  Block scratch = pool.Allocate(scratchpad_.get_size());
  arguments.emplace(DNNL_ARG_SCRATCHPAD, Wrap(scratchpad_, scratch.data()));
  primitive_.execute(stream, arguments);
  for (size_t i = 0; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    if (slot.reorder && slot.operand.isOutput) {
      reorder(slot, arguments.at(slot.operand.argument), Wrap(slot.operand.held, data[i]));
    }
  }
  stream.wait();
}

std::shared_ptr<const Operation> Cached(const Key& key, const std::function<Operation()>& make) {
  Cache& cache = TheCache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  auto found = cache.index.find(key);
  if (found != cache.index.end()) {
    cache.recent.splice(cache.recent.begin(), cache.recent, found->second);
    return found->second->second;
  }
  ApplyThreads();
  auto made = std::make_shared<const Operation>(make());
  cache.recent.emplace_front(key, made);
  cache.index[key] = cache.recent.begin();
  if (cache.recent.size() > kMaxCached) {
    cache.index.erase(cache.recent.back().first);
    cache.recent.pop_back();
  }
  return made;
}

void ForgetOperations() {
  Cache& cache = TheCache();
  std::lock_guard<std::mutex> lock(cache.mutex);
  cache.recent.clear();
  cache.index.clear();
}

size_t CachedOperations() {
  std::lock_guard<std::mutex> lock(TheCache().mutex);
  return TheCache().recent.size();
}

}  // namespace simclr
