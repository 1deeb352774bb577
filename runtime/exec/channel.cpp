#include "runtime/exec/channel.h"

#include <utility>

namespace penstock {

bool Channel::may_push(std::int64_t bytes) const {
  if (batches_.load() == 0) return true;
  return !blocked_.load() && budget_->has_room(bytes);
}

bool Channel::try_push(Batch& batch) {
  const auto bytes = static_cast<std::int64_t>(batch.bytes());
  if (!may_push(bytes)) {
    // Asked first, looked again second: room made in between is not missed.
    budget_->want_room();
    if (!may_push(bytes)) return false;
  }
  const std::int64_t counted = blocked_.load() ? 0 : bytes;
  const std::size_t rows = batch.rows();
  counted_.fetch_add(counted);
  budget_->add(counted);
  batches_.fetch_add(1);
  rows_.fetch_add(rows, std::memory_order_relaxed);
  queue_.push({std::move(batch), counted, static_cast<std::int64_t>(rows), bytes});
  receiver_->wake();
  return true;
}

void Channel::push_control(Event event) {
  queue_.push({std::move(event), 0, -1, 0});
  receiver_->wake();
}

std::optional<Event> Channel::pop() {
  if (queue_.front() == nullptr) return std::nullopt;
  Item item = queue_.pop();
  if (item.rows >= 0) {
    rows_.fetch_sub(static_cast<std::uint64_t>(item.rows), std::memory_order_relaxed);
    counted_.fetch_sub(item.counted);
    budget_->add(-item.counted);
    budget_->note_taken(item.bytes);
    batches_.fetch_sub(1);
  }
  return std::move(item.event);
}

void Channel::block() {
  blocked_.store(true);
  excused_ = counted_.load();
  budget_->add(-excused_);
}

void Channel::unblock() {
  budget_->add(std::exchange(excused_, 0));
  blocked_.store(false);
}

}  // namespace penstock
