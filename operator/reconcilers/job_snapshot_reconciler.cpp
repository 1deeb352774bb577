#include "operator/reconcilers/job_snapshot_reconciler.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "controllers/admission/admission.h"
#include "controllers/api/json.h"
#include "controllers/lifecycle/savepoint_schedule.h"
#include "operator/reconcilers/job_actions.h"
#include "operator/reconcilers/observe.h"
#include "operator/reconcilers/restore_users.h"
#include "runtime/base/log.h"
#include "runtime/base/overloaded.h"

namespace penstock {
namespace {

using Json = nlohmann::json;
using namespace std::chrono_literals;

constexpr Duration kCacheLag = 50ms;

// The place is another one for every attempt, and so is the id.
std::string order_id(const ObservedSnapshot& seen) {
  return "snapshot " + seen.snapshot.metadata.uid + " " +
         std::to_string(seen.snapshot.status.failures);
}

}  // namespace

ObservedSnapshot JobSnapshotReconciler::observe(const api::JobSnapshot& snapshot,
                                                const Memory& memory) const {
  ObservedSnapshot seen{.snapshot = snapshot,
                        .verdict = check(snapshot),
                        .reaches_files = context_.delete_checkpoints != nullptr,
                        .not_before = memory.not_before,
                        .disposals = memory.disposals,
                        .installation = context_.installation,
                        .now = context_.clock.now()};
  if (snapshot.metadata.deletion_timestamp)
    seen.in_use = is_in_use(
        snapshot, restored_from(context_, snapshot.metadata.name_space, RestoreFrom::kUntilDone));
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

Status JobSnapshotReconciler::write(Round& round, const api::JobSnapshotStatus& status) {
  if (status == round.seen.snapshot.status) return ok();
  TRY_ASSIGN(round.object,
             context_.writer.update(k8s::job_snapshots(), round.object.key(),
                                    with_status(round.object, api::encode(status)), "status"));
  expectations_.wrote(round.key, context_.stores.snapshots, round.object);
  round.seen.snapshot.status = status;
  return ok();
}

void JobSnapshotReconciler::record(const Round& round, const EventNote& event) const {
  context_.events.record(k8s::job_snapshots(), round.object,
                         {event.warning, event.reason, "Snapshot", event.message});
}

Status JobSnapshotReconciler::set_finalizer(Round& round, bool ours) {
  Json list = Json::parse(round.object.text())["metadata"].value("finalizers", Json::array());
  list.erase(std::remove(list.begin(), list.end(), Json(api::kFilesFinalizer)), list.end());
  if (ours) list.push_back(api::kFilesFinalizer);
  const Json meta{{"finalizers", list}, {"resourceVersion", round.object.resource_version()}};
  TRY_ASSIGN(round.object, context_.writer.patch(k8s::job_snapshots(), round.object.key(),
                                                 Json{{"metadata", meta}}.dump()));
  expectations_.wrote(round.key, context_.stores.snapshots, round.object);
  return ok();
}

void JobSnapshotReconciler::order(const Round& round, const std::string& id,
                                  std::int64_t generation, std::int64_t decision,
                                  decltype(EngineOrder::what) what) {
  context_.engines.order(engine_key(context_, *round.seen.job),
                         {.id = id,
                          .generation = static_cast<std::uint64_t>(generation),
                          .decision = static_cast<std::uint64_t>(decision),
                          .deadline = 10min,
                          .what = std::move(what)});
}

Result<bool> JobSnapshotReconciler::take_result(Round& round) {
  const ObservedSnapshot& seen = round.seen;
  if (!seen.job || seen.snapshot.metadata.deletion_timestamp ||
      seen.snapshot.status.phase != api::SnapshotPhase::kInProgress)
    return false;
  const auto outcome = context_.engines.outcome(engine_key(context_, *seen.job), order_id(seen));
  if (!outcome || outcome->state == OrderOutcome::State::kRunning) return false;
  const Result<Taken> taken =
      outcome->state == OrderOutcome::State::kDone
          ? Result<Taken>(Taken{outcome->checkpoint.value, outcome->state_bytes})
          : Result<Taken>(outcome->error.value_or(Error{Code::kUnavailable, "the engine failed"}));
  const SnapshotResult result = with_result(seen, seen.snapshot.status, taken);
  memories_.with([&](auto& all) { all[round.key].not_before = result.not_before; });
  TRY(write(round, result.status));
  record(round, result.event);
  log::info("snapshot", {{"path", round.key}, {"reason", result.event.message}});
  return true;
}

Status JobSnapshotReconciler::delete_files(Round& round, const DeleteFiles& action) {
  for (const std::string& uri : action.uris) {
    const Status deleted = context_.delete_checkpoints(uri);
    if (!deleted && deleted.error().code != Code::kInvalid) {
      memories_.with([&](auto& all) { ++all[round.key].disposals; });
      return deleted;
    }
    if (!deleted) record(round, files_kept(round.seen.snapshot, deleted.error().message));
  }
  return set_finalizer(round, false);
}

// One place after the other; an engine that refuses one has said why, and it stays.
Status JobSnapshotReconciler::dispose(Round& round, const EngineDispose& action) {
  const std::string engine = engine_key(context_, *round.seen.job);
  const std::string& uid = round.seen.snapshot.metadata.uid;
  const int failed = memories_.with([&](auto& all) { return all[round.key].disposals; });
  for (const std::string& uri : action.uris) {
    const std::string id = "dispose " + uid + " " + uri + " " + std::to_string(failed);
    const auto outcome = context_.engines.outcome(engine, id);
    if (!outcome) order(round, id, action.generation, action.decision, EngineOrder::Dispose{uri});
    if (!outcome || outcome->state == OrderOutcome::State::kRunning) return ok();
    if (outcome->state == OrderOutcome::State::kDone) continue;
    const Error error = outcome->error.value_or(Error{Code::kUnavailable, "the engine failed"});
    if (error.code != Code::kInvalid) {
      memories_.with([&](auto& all) { ++all[round.key].disposals; });
      return error.within("deleting the files at " + uri);
    }
    record(round, files_kept(round.seen.snapshot, error.message));
  }
  return set_finalizer(round, false);
}

Status JobSnapshotReconciler::apply(Round& round, const SnapshotPlan& plan) {
  TRY(write(round, plan.status));
  for (const EventNote& event : plan.events) record(round, event);
  if (!plan.action) return ok();
  const auto handle = Overloaded{
      [&](const AddFinalizer&) { return set_finalizer(round, true); },
      [&](const RemoveFinalizer&) { return set_finalizer(round, false); },
      [&](const EngineSavepoint& it) -> Status {
        order(round, order_id(round.seen), it.generation, it.decision,
              EngineOrder::Savepoint{it.uri});
        return ok();
      },
      [&](const EngineCheckpoint& it) -> Status {
        order(round, order_id(round.seen), it.generation, it.decision, EngineOrder::Checkpoint{});
        return ok();
      },
      [&](const DeleteFiles& it) { return delete_files(round, it); },
      [&](const EngineDispose& it) { return dispose(round, it); },
  };
  return std::visit(handle, *plan.action);
}

Result<NextLook> JobSnapshotReconciler::reconcile(const std::string& key) {
  if (expectations_.pending(key)) return NextLook(kCacheLag);
  const auto object = context_.stores.snapshots.find(k8s::parse_key(key));
  if (!object) {
    expectations_.forget(key);
    memories_.with([&](auto& all) { all.erase(key); });
    return NextLook();
  }
  TRY_ASSIGN(const api::JobSnapshot snapshot, api::parse<api::JobSnapshot>(object->text()));
  const Memory memory = memories_.with([&](auto& all) { return all[key]; });
  Round round{key, *object, observe(snapshot, memory)};
  TRY_ASSIGN(const bool ended, take_result(round));
  if (ended) return NextLook();  // its own write brings the key back
  const SnapshotPlan plan = plan_snapshot(round.seen);
  TRY(apply(round, plan));
  return plan.requeue.delay;
}

}  // namespace penstock
