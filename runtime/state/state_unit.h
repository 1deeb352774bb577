#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/columns/type.h"

namespace penstock {

// Bytes that all state of a job uses, against its limit. Any thread.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::int64_t limit_bytes) : limit_(limit_bytes) {}
  void add(std::int64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  void set_limit(std::int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  bool exhausted() const { return used() > limit(); }

 private:
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> limit_;
};

// One table of an operator's state: key -> value (kMap) or key -> bag of values (kBag; a join side). Both keyed, on top, by a window (Millis; 0 where
// there is none), so that a whole window is dropped at once.
struct StateTableShape {
  std::string name;
  std::vector<Type> key;
  std::vector<Type> value;
  bool bag = false;
};

// State of one operator for one key group: the unit that moves, freezes and is written to a checkpoint. One thread at a time.
class StateUnit;

// An immutable picture of a unit at a barrier; its memory is shared with the unit until that writes. Any one thread may encode it.
struct FrozenUnit {
  KeyGroup group{};
  std::shared_ptr<const StateUnit> unit;
};

// A unit as one self-describing block: header with shapes, then per table the columns (window, key fields, value fields), zstd-compressed, xxh3-checked. encode is
// deterministic for equal contents in equal order. decode: kCorrupt for damaged bytes, kInvalid when shapes do not fit (names the difference).
std::string encode_unit(const StateUnit& unit);
Result<std::unique_ptr<StateUnit>> decode_unit(std::string_view bytes, const std::vector<StateTableShape>& shapes,
                                               MemoryBudget& memory);

}  // namespace penstock
