#include "operator/queue/work_queue.h"

#include <algorithm>
#include <utility>

namespace penstock {
namespace {

std::vector<double> decades() {
  return {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
}
double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct WorkQueue::Metrics {
  metrics::Counter adds, retries;
  metrics::Histogram queue_duration, work_duration;

  Metrics(metrics::Registry& registry, const metrics::Labels& labels)
      : adds(registry.counter("workqueue_adds_total", "Keys added.", labels)),
        retries(registry.counter("workqueue_retries_total", "Keys added with a delay.", labels)),
        queue_duration(registry.histogram("workqueue_queue_duration_seconds",
                                          "Time from add to take.", decades(), labels)),
        work_duration(registry.histogram("workqueue_work_duration_seconds",
                                         "Time from take to done.", decades(), labels)) {}
};

WorkQueue::WorkQueue(std::string name, Clock& clock, metrics::Registry& registry, Backoff backoff)
    : clock_(clock),
      metrics_(std::make_unique<Metrics>(registry,
                                         metrics::Labels{{"name", name}, {"controller", name}})),
      state_(backoff),
      timer_([this](const std::stop_token& stop) { run_timer(stop); }) {
  collector_ = registry.add_collector([this, name] {
    std::scoped_lock lock(mutex_);
    Duration total{0}, longest{0};
    for (const auto& [key, since] : started_) {
      total += clock_.monotonic() - since;
      longest = std::max(longest, clock_.monotonic() - since);
    }
    const metrics::Labels labels{{"name", name}, {"controller", name}};
    using metrics::Family;
    return std::vector<Family>{{Family::Kind::kGauge,
                                "workqueue_depth",
                                "Keys that are ready.",
                                {{labels, static_cast<double>(state_.depth())}}},
                               {Family::Kind::kGauge,
                                "workqueue_unfinished_work_seconds",
                                "Age of all work in progress.",
                                {{labels, seconds(total)}}},
                               {Family::Kind::kGauge,
                                "workqueue_longest_running_processor_seconds",
                                "Age of the oldest work in progress.",
                                {{labels, seconds(longest)}}}};
  });
}

WorkQueue::~WorkQueue() {
  collector_.reset();
  timer_.request_stop();
  std::scoped_lock lock(mutex_);
  sleep_.request_stop();
}

void WorkQueue::add(const std::string& key) {
  {
    std::scoped_lock lock(mutex_);
    if (!state_.add(key, clock_.monotonic())) return;
  }
  metrics_->adds.add();
  ready_.notify_one();
}

void WorkQueue::add_after(const std::string& key, Duration delay) {
  if (delay <= Duration(0)) return add(key);
  metrics_->retries.add();
  std::scoped_lock lock(mutex_);
  state_.add_at(key, clock_.monotonic() + delay);
  wake_timer();
}

void WorkQueue::add_after_failure(const std::string& key) {
  metrics_->retries.add();
  std::scoped_lock lock(mutex_);
  state_.add_after_failure(key, clock_.monotonic());
  wake_timer();
}

void WorkQueue::forget(const std::string& key) {
  std::scoped_lock lock(mutex_);
  state_.forget(key);
}

std::optional<std::string> WorkQueue::take(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  ready_.wait(lock, stop, [&] { return state_.depth() > 0; });
  if (stop.stop_requested()) return std::nullopt;
  const Duration now = clock_.monotonic();
  QueueState::Taken taken = *state_.take();
  started_[taken.key] = now;
  metrics_->queue_duration.observe(seconds(now - taken.added));
  return std::move(taken.key);
}

void WorkQueue::done(const std::string& key) {
  {
    std::scoped_lock lock(mutex_);
    const Duration now = clock_.monotonic();
    if (const auto since = started_.find(key); since != started_.end()) {
      metrics_->work_duration.observe(seconds(now - since->second));
      started_.erase(since);
    }
    state_.done(key, now);
  }
  ready_.notify_one();
}

std::size_t WorkQueue::depth() const {
  std::scoped_lock lock(mutex_);
  return state_.depth();
}

// Called with the lock held: the earliest due time may have changed.
void WorkQueue::wake_timer() {
  ++changes_;
  sleep_.request_stop();
  delayed_.notify_one();
}

void WorkQueue::run_timer(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    std::unique_lock lock(mutex_);
    state_.advance(clock_.monotonic());
    if (state_.depth() > 0) ready_.notify_all();
    const std::uint64_t seen = changes_;
    const std::optional<Duration> due = state_.next_due();
    if (!due) {
      delayed_.wait(lock, stop, [&] { return changes_ != seen; });
      continue;
    }
    sleep_ = std::stop_source();
    const std::stop_token interrupted = sleep_.get_token();
    lock.unlock();
    // The owner's stop and an earlier due time both end the sleep.
    std::stop_callback forward(stop, [source = sleep_]() mutable { source.request_stop(); });
    clock_.sleep_until(*due, interrupted);
  }
}

}  // namespace penstock
