#include "controllers/lifecycle/snapshot_plan.h"

#include "controllers/api/json.h"
#include "controllers/desired/names.h"

namespace penstock {
namespace {

constexpr std::int32_t kAttempts = 3;

bool is_over(api::SnapshotPhase phase) {
  return phase == api::SnapshotPhase::kCompleted || phase == api::SnapshotPhase::kFailed ||
         phase == api::SnapshotPhase::kAbandoned;
}

// Waits for the job, and says why.
SnapshotPlan wait(SnapshotPlan plan, const char* reason, std::string message) {
  plan.status.phase = api::SnapshotPhase::kPending;
  if (plan.status.error.code != reason) plan.events.push_back({true, reason, message});
  plan.status.error = {reason, std::move(message)};
  plan.requeue = Requeue::after(std::chrono::seconds(10));
  return plan;
}

// Each attempt writes to a place of its own, so that a half-written one is never mistaken.
std::string place(const ObservedSnapshot& seen) {
  const api::JobSnapshot& snapshot = seen.snapshot;
  const std::string attempt =
      snapshot.status.failures == 0 ? "" : "-" + std::to_string(snapshot.status.failures);
  if (!snapshot.spec.uri.empty()) return snapshot.spec.uri + attempt;
  const std::string name =
      snapshot.metadata.name + "-" + short_hash(snapshot.metadata.uid) + attempt;
  return snapshot_uri(*seen.job, seen.installation, name);
}

}  // namespace

SnapshotPlan plan_snapshot(const ObservedSnapshot& seen) {
  SnapshotPlan plan{.status = seen.snapshot.status};
  if (seen.snapshot.metadata.deletion_timestamp || is_over(plan.status.phase)) return plan;
  plan.status.observed_generation = seen.snapshot.metadata.generation;
  if (!seen.verdict.accepted()) {
    plan.status.phase = api::SnapshotPhase::kFailed;
    plan.status.error = {seen.verdict.causes.front().reason, api::join(seen.verdict.causes)};
    plan.events.push_back({true, plan.status.error.code, plan.status.error.message});
    return plan;
  }
  const std::string& name = seen.snapshot.spec.job_ref.name;
  if (!seen.job)
    return wait(std::move(plan), "JobNotFound",
                "there is no StreamJob " + name + " in this namespace");
  const std::string uri = place(seen);
  if (uri.empty())
    return wait(std::move(plan), "NoStorage",
                "the job has no checkpoint storage; set spec.uri of the snapshot");
  if (!seen.report || seen.report->phase != "Running")
    return wait(std::move(plan), "JobNotRunning", "StreamJob " + name + " does not process now");
  if (plan.status.phase != api::SnapshotPhase::kInProgress)
    plan.events.push_back(
        {false, "InProgress", "a savepoint of " + name + " is written to " + uri});
  plan.status.phase = api::SnapshotPhase::kInProgress;
  plan.status.uri = uri;
  plan.status.error = {};
  plan.order = EngineSavepoint{.uri = uri,
                               .generation = static_cast<std::int64_t>(seen.report->generation),
                               .decision = static_cast<std::int64_t>(seen.report->decision)};
  plan.requeue = Requeue::after(std::chrono::seconds(10));
  return plan;
}

SnapshotResult with_result(api::JobSnapshotStatus status, const Result<std::uint64_t>& checkpoint,
                           std::int64_t size_bytes, Millis now) {
  if (checkpoint) {
    status.phase = api::SnapshotPhase::kCompleted;
    status.checkpoint_id = static_cast<std::int64_t>(*checkpoint);
    status.completed_at = {now};
    status.size_bytes = size_bytes;
    status.error = {};
    return {status, {false, "Completed", "the savepoint is complete at " + status.uri}};
  }
  ++status.failures;
  const bool given_up = status.failures >= kAttempts;
  status.phase = given_up ? api::SnapshotPhase::kFailed : api::SnapshotPhase::kPending;
  status.error = {given_up ? "Failed" : "AttemptFailed", checkpoint.error().message};
  return {status, {true, status.error.code, status.error.message}};
}

}  // namespace penstock
