#include "operator/queue/queue_state.h"

#include <algorithm>
#include <utility>

namespace penstock {

Duration Backoff::after(std::uint32_t failures) const {
  Duration delay = initial;
  for (std::uint32_t i = 0; i < failures && delay < max; ++i) delay *= 2;
  return std::min(delay, max);
}

bool QueueState::add(const std::string& key, Duration now) {
  if (!dirty_.insert(key).second) return false;
  if (!processing_.contains(key)) ready_.push_back({key, now});
  return true;
}

void QueueState::add_at(const std::string& key, Duration due) {
  if (const auto known = due_of_.find(key); known != due_of_.end()) {
    if (known->second <= due) return;
    delayed_.erase({known->second, key});
  }
  due_of_[key] = due;
  delayed_.emplace(due, key);
}

Duration QueueState::add_after_failure(const std::string& key, Duration now) {
  const Duration delay = backoff_.after(failures_[key]++);
  add_at(key, now + delay);
  return delay;
}

void QueueState::advance(Duration now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const std::string key = delayed_.begin()->second;
    delayed_.erase(delayed_.begin());
    due_of_.erase(key);
    add(key, now);
  }
}

std::optional<Duration> QueueState::next_due() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

std::optional<QueueState::Taken> QueueState::take() {
  if (ready_.empty()) return std::nullopt;
  Taken taken = std::move(ready_.front());
  ready_.pop_front();
  dirty_.erase(taken.key);
  processing_.insert(taken.key);
  return taken;
}

void QueueState::done(const std::string& key, Duration now) {
  processing_.erase(key);
  if (dirty_.contains(key)) ready_.push_back({key, now});
}

std::uint32_t QueueState::failures(const std::string& key) const {
  const auto known = failures_.find(key);
  return known == failures_.end() ? 0 : known->second;
}

}  // namespace penstock
