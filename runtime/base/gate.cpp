#include "runtime/base/gate.h"

namespace penstock {

void Gate::wait(Ticket ticket, Duration longest, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  changed_.wait_for(lock, stop, longest, [&] { return count_.load() != ticket; });
  sleepers_.fetch_sub(1, std::memory_order_seq_cst);
}

void Gate::wake() {
  // Taking the lock orders this after a sleeper that has looked at the count but does not wait yet.
  {
    std::scoped_lock lock(mutex_);
  }
  changed_.notify_all();
}

}  // namespace penstock
