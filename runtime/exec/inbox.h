#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/guarded.h"
#include "runtime/exec/channel.h"
#include "runtime/exec/event.h"
#include "runtime/exec/waker.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// State of one key group of one operator of a chain, on its way to its new owner.
struct MovedUnit {
  std::size_t stage = 0;
  KeyGroup group{};
  std::unique_ptr<StateUnit> unit;
  // That the old owner's operators had reached at the barrier: the new one's start from there.
  Millis watermark = kNoWatermark;
};

// Nobody took the job over: what stands still at the barrier of this number, or has yet to reach
// it, goes on.
struct GoOn {
  std::uint64_t sequence = 0;
};

// What reaches a subtask beside its channels: every barrier of the job, moved state.
using Mail = std::variant<Barrier, MovedUnit, GoOn>;

// Where a subtask can be reached. Outlives the subtask; any thread.
class Inbox {
 public:
  explicit Inbox(std::size_t channel_bytes)
      : budget_(std::make_shared<InflightBudget>(channel_bytes)),
        waker_(std::make_shared<Waker>()) {}

  void post(Mail mail) {
    mail_.with([&](auto& all) { all.push_back(std::move(mail)); });
    has_mail_.store(true);
    waker_->wake();
  }
  // The subtask's: everything posted, in order.
  std::vector<Mail> take() {
    if (!has_mail_.exchange(false)) return {};
    return mail_.with([](auto& all) { return std::exchange(all, {}); });
  }
  const std::shared_ptr<InflightBudget>& budget() const { return budget_; }
  const std::shared_ptr<Waker>& waker() const { return waker_; }

 private:
  std::atomic<bool> has_mail_{false};
  Guarded<std::vector<Mail>> mail_;
  const std::shared_ptr<InflightBudget> budget_;
  const std::shared_ptr<Waker> waker_;
};

}  // namespace penstock
