#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/state/spare_blocks.h"

namespace penstock {

// Bytes that all state of a job uses, against its limit. Any thread. Outlives all state that counts
// in it.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t limit_bytes) : limit_(limit_bytes) {}
  void add(std::int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(std::int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  bool exhausted() const { return used() > limit(); }
  // Memory that nothing uses, for the next segments; does not count.
  SpareBlocks& spare() { return spare_; }

 private:
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> limit_;
  SpareBlocks spare_;
};

}  // namespace penstock
