#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

#include "runtime/base/clock.h"

namespace penstock {

// Where one thread sleeps until others have something for it (an eventcount). The sleeper takes a
// ticket, looks for work, and waits with the ticket: a notification since then ends the wait at
// once.
class Gate {
 public:
  using Ticket = std::uint64_t;

  // Any thread. Cheap while nobody sleeps.
  void notify() {
    count_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) wake();
  }

  Ticket ticket() const { return count_.load(std::memory_order_seq_cst); }
  // Until a notification after `ticket`, `longest` has passed or `stop` is requested. Real time.
  void wait(Ticket ticket, Duration longest, const std::stop_token& stop);

 private:
  void wake();

  std::atomic<std::uint64_t> count_{0};
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable_any changed_;
};

}  // namespace penstock
