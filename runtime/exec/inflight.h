#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "runtime/base/clock.h"

namespace penstock {

// Bytes that are on their way to one receiving subtask, over all its channels. Shared.
class InflightBudget {
 public:
  explicit InflightBudget(std::size_t most)
      : most_(static_cast<std::int64_t>(most)), limit_(most_) {}
  bool has_room(std::int64_t bytes) const {
    return used_.load() + bytes <= limit_.load(std::memory_order_relaxed);
  }
  void add(std::int64_t bytes) { used_.fetch_add(bytes); }
  std::int64_t used() const { return used_.load(); }
  std::int64_t most() const { return most_; }
  std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  // The receiver's.
  void set_limit(std::int64_t bytes) { limit_.store(bytes, std::memory_order_relaxed); }
  // The receiver's: bytes of the batches that it took since it asked last.
  void note_taken(std::int64_t bytes) { taken_ += bytes; }
  std::int64_t take_taken() { return std::exchange(taken_, 0); }
  // A sender that found no room asks to be woken when there may be some.
  void want_room() { wanted_.store(true); }
  bool take_want() { return wanted_.load() && wanted_.exchange(false); }

 private:
  const std::int64_t most_;
  std::atomic<std::int64_t> limit_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<bool> wanted_{false};
  std::int64_t taken_ = 0;
};

// The limit after one more measurement: a receiver that took `bytes` in `busy` of its own time
// should have about 50 ms of work on the way, since a barrier waits behind all of it; not under
// 64 KiB, not over `most`. Goes half of the way at once.
std::int64_t next_inflight_limit(std::int64_t limit, std::int64_t most, std::uint64_t bytes,
                                 Duration busy);

// Measures a receiver and moves its limit. The receiver's thread.
class InflightMeter {
 public:
  // One turn took `bytes` and was at them for `busy`.
  void note(std::uint64_t bytes, Duration busy, InflightBudget& budget);

 private:
  std::uint64_t bytes_ = 0;
  Duration busy_{0};
};

}  // namespace penstock
