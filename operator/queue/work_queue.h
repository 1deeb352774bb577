#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "operator/queue/queue_state.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/registry.h"

namespace penstock {

// Keys that want a run. The same key never runs twice at a time; duplicates collapse; delays and
// back-off go by the Clock. Any thread. Metrics carry the usual workqueue_* names.
class WorkQueue {
 public:
  WorkQueue(std::string name, Clock& clock, metrics::Registry& metrics, Backoff backoff = {});
  ~WorkQueue();

  void add(const std::string& key);
  void add_after(const std::string& key, Duration delay);
  // Adds after a back-off that doubles with every call until forget(key).
  void add_after_failure(const std::string& key);
  void forget(const std::string& key);

  // Waits for a key. Nothing when `stop` is requested. Every taken key must be given to done().
  std::optional<std::string> take(const std::stop_token& stop);
  void done(const std::string& key);

  std::size_t depth() const;

 private:
  struct Metrics;

  void wake_timer();
  void run_timer(const std::stop_token& stop);

  Clock& clock_;
  const std::unique_ptr<Metrics> metrics_;
  mutable std::mutex mutex_;
  std::condition_variable_any ready_, delayed_;
  QueueState state_;
  std::unordered_map<std::string, Duration> started_;
  std::stop_source sleep_;     // of the timer's present sleep
  std::uint64_t changes_ = 0;  // of the earliest due time
  std::shared_ptr<void> collector_;
  std::jthread timer_;
};

}  // namespace penstock
