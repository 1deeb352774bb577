#include "operator/manager/controller.h"

#include <utility>

#include "runtime/base/log.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

// So that the cache can catch up with what made the write stale.
constexpr Duration kAfterConflict = 100ms;
// Nothing but a change by somebody can help; looked at now and then all the same, because that
// change may be one that no watch shows (a quota, a webhook).
constexpr Duration kAfterInvalid = 60s;

}  // namespace

Reaction react(const Result<NextLook>& outcome) {
  using Kind = Reaction::Kind;
  if (outcome) {
    if (!*outcome) return {Kind::kForget, Duration(0), "success"};
    return {Kind::kAfter, **outcome, "requeue_after"};
  }
  switch (outcome.error().code) {
    case Code::kConflict:
      return {Kind::kAfter, kAfterConflict, "error"};
    case Code::kInvalid:
    case Code::kCorrupt:
      return {Kind::kAfter, kAfterInvalid, "error"};
    case Code::kCancelled:
      return {Kind::kForget, Duration(0), "success"};
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kUnavailable:
    case Code::kInternal:
      break;
  }
  return {Kind::kBackOff, Duration(0), "error"};
}

Controller::Metrics Controller::make_metrics(metrics::Registry& registry, const std::string& name,
                                             int workers) {
  const metrics::Labels labels{{"controller", name}};
  registry.gauge("controller_runtime_max_concurrent_reconciles", "Workers.", labels).set(workers);
  const auto total = [&](const char* result) {
    return registry.counter("controller_runtime_reconcile_total", "Reconciles by result.",
                            {{"controller", name}, {"result", result}});
  };
  return {
      .success = total("success"),
      .requeue_after = total("requeue_after"),
      .error = total("error"),
      .time = registry.histogram(
          "controller_runtime_reconcile_time_seconds", "Length of a reconcile.",
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}, labels),
      .active = registry.gauge("controller_runtime_active_workers", "Busy workers.", labels)};
}

Controller::Controller(Reconciler& reconciler, WorkQueue& queue, int workers, Clock& clock,
                       metrics::Registry& metrics)
    : reconciler_(reconciler),
      queue_(queue),
      clock_(clock),
      metrics_(make_metrics(metrics, std::string(reconciler.name()), workers)) {
  for (int i = 0; i < workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
}

void Controller::run(const std::stop_token& stop) {
  while (const auto key = queue_.take(stop)) {
    metrics_.active.add(1);
    work(*key);
    metrics_.active.add(-1);
    queue_.done(*key);
  }
}

void Controller::work(const std::string& key) {
  const Duration begun = clock_.monotonic();
  const Result<NextLook> outcome = reconciler_.reconcile(key);
  const Duration took = clock_.monotonic() - begun;
  metrics_.time.observe(std::chrono::duration<double>(took).count());
  const Reaction reaction = react(outcome);
  if (!outcome && outcome.error().code != Code::kCancelled) {
    metrics_.error.add();
    const bool expected = outcome.error().code == Code::kConflict;
    log::write(expected ? log::Level::kDebug : log::Level::kError, "reconcile failed",
               {{"controller", reconciler_.name()},
                {"job", key},
                {"code", to_string(outcome.error().code)},
                {"reason", outcome.error().message}});
  } else {
    (reaction.kind == Reaction::Kind::kAfter ? metrics_.requeue_after : metrics_.success).add();
  }
  if (reaction.kind == Reaction::Kind::kBackOff) return queue_.add_after_failure(key);
  queue_.forget(key);
  if (reaction.kind == Reaction::Kind::kAfter) queue_.add_after(key, reaction.delay);
}

}  // namespace penstock
