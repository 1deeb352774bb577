#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "operator/queue/work_queue.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/metrics/registry.h"

namespace penstock {

// When to look at a key again, if nothing happens before; nothing: never.
using NextLook = std::optional<Duration>;

// Brings one object nearer to what is wanted of it. It gets a name and nothing else, neither sleeps
// nor retries nor logs its errors, and may be called from any worker, never twice at a time for one
// key.
class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual std::string_view name() const = 0;
  virtual Result<NextLook> reconcile(const std::string& key) = 0;
};

// What the loop does after a reconcile.
struct Reaction {
  enum class Kind { kForget, kAfter, kBackOff } kind = Kind::kForget;
  Duration delay{0};        // kAfter
  std::string_view result;  // label of the metric: success, requeue_after, error
  friend bool operator==(const Reaction&, const Reaction&) = default;
};
// The one place that knows what each error code means to the operator.
Reaction react(const Result<NextLook>& outcome);

// N workers that take keys from a queue to a reconciler. Runs from construction to destruction,
// which waits for reconciles that are under way.
class Controller {
 public:
  Controller(Reconciler& reconciler, WorkQueue& queue, int workers, Clock& clock,
             metrics::Registry& metrics);

 private:
  struct Metrics {
    metrics::Counter success, requeue_after, error;
    metrics::Histogram time;
    metrics::Gauge active;
  };
  static Metrics make_metrics(metrics::Registry& registry, const std::string& name, int workers);

  void run(const std::stop_token& stop);
  void work(const std::string& key);

  Reconciler& reconciler_;
  WorkQueue& queue_;
  Clock& clock_;
  Metrics metrics_;
  std::vector<std::jthread> workers_;
};

}  // namespace penstock
