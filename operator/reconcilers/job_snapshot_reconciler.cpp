#include "operator/reconcilers/job_snapshot_reconciler.h"

#include "controllers/admission/admission.h"
#include "controllers/api/json.h"
#include "operator/reconcilers/job_actions.h"
#include "operator/reconcilers/observe.h"
#include "runtime/base/log.h"

namespace penstock {
namespace {

using namespace std::chrono_literals;

constexpr Duration kCacheLag = 50ms;

}  // namespace

ObservedSnapshot JobSnapshotReconciler::observe(const api::JobSnapshot& snapshot) const {
  ObservedSnapshot seen{.snapshot = snapshot,
                        .verdict = check(snapshot),
                        .installation = context_.installation,
                        .now = context_.clock.now()};
  const auto job =
      context_.stores.jobs.find({snapshot.metadata.name_space, snapshot.spec.job_ref.name});
  if (!job) return seen;
  auto parsed = api::parse<api::StreamJob>(job->text());
  if (!parsed) return seen;
  seen.job = std::move(parsed).value();
  const EngineView view = context_.engines.view(engine_key(context_, *seen.job));
  if (!view.unknown_since) seen.report = view.report;
  return seen;
}

Status JobSnapshotReconciler::write(const std::string& key, k8s::Object& object,
                                    const api::JobSnapshotStatus& before,
                                    const api::JobSnapshotStatus& status) {
  if (status == before) return ok();
  TRY_ASSIGN(object, context_.writer.update(k8s::job_snapshots(), object.key(),
                                            with_status(object, api::encode(status)), "status"));
  expectations_.wrote(key, context_.stores.snapshots, object);
  return ok();
}

Status JobSnapshotReconciler::carry_out(const std::string& key, k8s::Object& object,
                                        const ObservedSnapshot& seen, const SnapshotPlan& plan) {
  const std::string engine = engine_key(context_, *seen.job);
  // The place is another one for every attempt, and so is the id.
  const std::string id = "snapshot " + object.uid() + " " + plan.order->uri;
  const auto outcome = context_.engines.outcome(engine, id);
  if (!outcome) {
    context_.engines.order(engine,
                           {.id = id,
                            .generation = static_cast<std::uint64_t>(plan.order->generation),
                            .decision = static_cast<std::uint64_t>(plan.order->decision),
                            .deadline = 10min,
                            .what = EngineOrder::Savepoint{plan.order->uri}});
    return ok();
  }
  if (outcome->state == OrderOutcome::State::kRunning) return ok();
  const Result<std::uint64_t> checkpoint =
      outcome->state == OrderOutcome::State::kDone
          ? Result<std::uint64_t>(outcome->checkpoint.value)
          : Result<std::uint64_t>(
                outcome->error.value_or(Error{Code::kUnavailable, "the engine failed"}));
  const auto bytes = static_cast<std::int64_t>(seen.report->checkpoints.last_bytes);
  const SnapshotResult result = with_result(plan.status, checkpoint, bytes, seen.now);
  TRY(write(key, object, plan.status, result.status));
  context_.events.record(
      k8s::job_snapshots(), object,
      {result.event.warning, result.event.reason, "Snapshot", result.event.message});
  log::info("snapshot", {{"path", key}, {"reason", result.event.message}});
  return ok();
}

Result<NextLook> JobSnapshotReconciler::reconcile(const std::string& key) {
  if (expectations_.pending(key)) return NextLook(kCacheLag);
  auto object = context_.stores.snapshots.find(k8s::parse_key(key));
  if (!object) {
    expectations_.forget(key);
    return NextLook();
  }
  TRY_ASSIGN(const api::JobSnapshot snapshot, api::parse<api::JobSnapshot>(object->text()));
  const ObservedSnapshot seen = observe(snapshot);
  const SnapshotPlan plan = plan_snapshot(seen);
  TRY(write(key, *object, snapshot.status, plan.status));
  for (const EventNote& event : plan.events) {
    context_.events.record(k8s::job_snapshots(), *object,
                           {event.warning, event.reason, "Snapshot", event.message});
  }
  if (plan.order) TRY(carry_out(key, *object, seen, plan));
  return plan.requeue.delay;
}

}  // namespace penstock
