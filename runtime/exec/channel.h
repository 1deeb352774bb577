#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/exec/event.h"
#include "runtime/exec/inflight.h"
#include "runtime/exec/spsc_queue.h"
#include "runtime/exec/waker.h"

namespace penstock {

// The way from one sending subtask to one receiving one. Batches beyond the receiver's budget are
// refused, but each channel takes one batch whatever the others hold; control events always fit.
// What waits while the channel is blocked for alignment does not count against the others.
class Channel {
 public:
  Channel(std::shared_ptr<Waker> sender, std::shared_ptr<Waker> receiver,
          std::shared_ptr<InflightBudget> budget)
      : sender_(std::move(sender)), receiver_(std::move(receiver)), budget_(std::move(budget)) {}

  // Sender. False: no room now, the sender is woken when there may be; `batch` is untouched.
  bool try_push(Batch& batch);
  void push_control(Event event);

  // Receiver. Nothing: empty. Blocked channels are not asked.
  std::optional<Event> pop();
  bool has_event() { return queue_.front() != nullptr; }
  void block();
  void unblock();
  const std::shared_ptr<InflightBudget>& budget() const { return budget_; }
  void wake_sender() { sender_->wake(); }

  std::uint64_t queued_rows() const { return rows_.load(std::memory_order_relaxed); }  // any thread

 private:
  struct Item {
    Event event;
    std::int64_t counted = 0;  // in the budget
    std::int64_t rows = 0;     // -1: no batch
    std::int64_t bytes = 0;
  };
  bool may_push(std::int64_t bytes) const;

  SpscQueue<Item> queue_;
  std::atomic<std::int64_t> batches_{0};
  std::atomic<std::uint64_t> rows_{0};
  std::atomic<std::int64_t> counted_{0};
  std::atomic<bool> blocked_{false};
  std::int64_t excused_ = 0;  // receiver's: taken out of the budget while blocked
  const std::shared_ptr<Waker> sender_;
  const std::shared_ptr<Waker> receiver_;
  const std::shared_ptr<InflightBudget> budget_;
};

}  // namespace penstock
