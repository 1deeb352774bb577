#include "controllers/lifecycle/snapshot_plan.h"

#include <algorithm>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"
#include "controllers/desired/snapshots.h"

namespace penstock {
namespace {

using api::SnapshotPhase;

constexpr std::int32_t kAttempts = 3;
constexpr Millis kFirstPause = 10'000;  // doubled from attempt to attempt
// How long a deleted snapshot waits for who can delete its files: a namespace must not hang.
constexpr Millis kDisposalPatience = 10 * 60 * 1000;
constexpr Duration kLook = std::chrono::seconds(10);

bool is_over(SnapshotPhase phase) {
  return phase == SnapshotPhase::kCompleted || phase == SnapshotPhase::kFailed ||
         phase == SnapshotPhase::kAbandoned;
}

bool is_checkpoint(const ObservedSnapshot& seen) {
  return seen.snapshot.spec.type == api::SnapshotType::kCheckpoint;
}

bool has_finalizer(const ObservedSnapshot& seen) {
  const auto& all = seen.snapshot.metadata.finalizers;
  return std::ranges::find(all, api::kFilesFinalizer) != all.end();
}

bool processes(const std::optional<api::JobReport>& report) {
  return report && (report->phase == "Running" || report->phase == "Rescaling");
}

// `Complete`, for kubectl wait; written when it says something else than before.
SnapshotPlan finish(SnapshotPlan plan, const ObservedSnapshot& seen) {
  const api::JobSnapshotStatus& status = plan.status;
  const bool done = status.phase == SnapshotPhase::kCompleted;
  std::string reason = status.error.code;
  if (reason.empty()) reason = api::to_string(status.phase);
  api::set_condition(plan.status.conditions,
                     {.type = "Complete",
                      .status = done ? api::Truth::kTrue : api::Truth::kFalse,
                      .observed_generation = seen.snapshot.metadata.generation,
                      .last_transition_time = {seen.now / 1000 * 1000},
                      .reason = reason,
                      .message = done ? "it is at " + status.uri : status.error.message});
  return plan;
}

// Waits for the job, and says why. One that was begun is still in progress, as far as is known.
SnapshotPlan wait(SnapshotPlan plan, const char* reason, std::string message) {
  if (plan.status.error.code != reason) plan.events.push_back({true, reason, message});
  plan.status.error = {reason, std::move(message)};
  plan.requeue = Requeue::after(kLook);
  return plan;
}

SnapshotPlan end(SnapshotPlan plan, SnapshotPhase phase, const std::string& reason,
                 const std::string& message) {
  plan.status.phase = phase;
  plan.status.error = {reason, message};
  plan.events.push_back({true, reason, message});
  return plan;
}

// Whether the job that it was begun with will never finish it.
bool is_orphan(const ObservedSnapshot& seen) {
  if (!seen.job || seen.job->metadata.deletion_timestamp) return true;
  const api::Phase phase = seen.job->status.phase;
  return phase == api::Phase::kFinished || phase == api::Phase::kFailed;
}

SnapshotPlan take(const ObservedSnapshot& seen, SnapshotPlan plan) {
  const std::string& name = seen.snapshot.spec.job_ref.name;
  const bool begun = plan.status.phase == SnapshotPhase::kInProgress;
  if (begun && is_orphan(seen))
    return end(std::move(plan), SnapshotPhase::kAbandoned, "JobGone",
               "StreamJob " + name + " ended or went before it was complete");
  if (!seen.job)
    return wait(std::move(plan), "JobNotFound",
                "there is no StreamJob " + name + " in this namespace");
  const bool storage = !checkpoint_uri(*seen.job, seen.installation).empty();
  const std::string uri =
      is_checkpoint(seen)
          ? ""
          : snapshot_place(seen.snapshot, *seen.job, seen.installation, plan.status.failures);
  if (is_checkpoint(seen) ? !storage : uri.empty())
    return wait(std::move(plan), "NoStorage",
                "the job has no checkpoint storage; set its spec.checkpoints.storage.uri" +
                    std::string(is_checkpoint(seen) ? "" : ", or spec.uri of the snapshot"));
  if (!processes(seen.report))
    return wait(std::move(plan), "JobNotRunning", "StreamJob " + name + " does not process now");
  if (seen.now < seen.not_before) {
    plan.requeue = Requeue::after(std::chrono::milliseconds(seen.not_before - seen.now));
    return plan;
  }
  if (!begun)
    plan.events.push_back({false, "InProgress",
                           is_checkpoint(seen)
                               ? "a checkpoint of " + name + " is ordered"
                               : "a savepoint of " + name + " is written to " + uri});
  plan.status.phase = SnapshotPhase::kInProgress;
  plan.status.uri = uri;
  plan.status.error = {};
  const auto generation = static_cast<std::int64_t>(seen.report->generation);
  const auto decision = static_cast<std::int64_t>(seen.report->decision);
  if (is_checkpoint(seen))
    plan.action = EngineCheckpoint{generation, decision};
  else
    plan.action = EngineSavepoint{uri, generation, decision};
  plan.requeue = Requeue::after(kLook);
  return plan;
}

// The job keeps its newest checkpoints, as many as spec.checkpoints.retained says.
SnapshotPlan watch_checkpoint(const ObservedSnapshot& seen, SnapshotPlan plan) {
  if (!seen.job || !plan.status.uri.starts_with(checkpoint_uri(*seen.job, seen.installation) + "#"))
    return end(std::move(plan), SnapshotPhase::kAbandoned, "JobGone",
               "the StreamJob that retained it is gone, or keeps its checkpoints elsewhere");
  if (!seen.report) return plan;
  const auto newest = static_cast<std::int64_t>(seen.report->checkpoints.last_id);
  if (newest - plan.status.checkpoint_id < seen.job->spec.checkpoints.retained) return plan;
  return end(std::move(plan), SnapshotPhase::kAbandoned, "NotRetained",
             "checkpoint " + std::to_string(newest) + " is there, and the job retains " +
                 std::to_string(seen.job->spec.checkpoints.retained) +
                 "; take a Savepoint to keep one");
}

// Who deletes the files, in the end; nobody: they are kept, and an Event says so.
SnapshotPlan dispose(const ObservedSnapshot& seen, SnapshotPlan plan) {
  if (!has_finalizer(seen)) return plan;
  const std::vector<std::string> places = places_of(seen.snapshot);
  if (places.empty() || seen.snapshot.spec.retain != api::Retain::kDelete) {
    plan.action = RemoveFinalizer{};
    return plan;
  }
  // Of a periodic savepoint that goes because its job does: what is left is for restoreFrom.
  const bool owned = scheduled_at(seen.snapshot) != 0;
  const bool job_goes = !seen.job || seen.job->metadata.deletion_timestamp;
  const bool own = std::ranges::all_of(places, [&](const std::string& uri) {
    return is_own_place(uri, seen.snapshot, seen.installation);
  });
  const bool waits =
      seen.now - seen.snapshot.metadata.deletion_timestamp->millis < kDisposalPatience;
  const bool may_try = waits || seen.disposals == 0;
  std::string nobody;
  if (owned && job_goes) {
    nobody = "they outlive their job";
  } else if (seen.in_use) {
    if (waits)
      return wait(std::move(plan), "InUse", "a job restores from it; its files go after that");
    nobody = "a job restores from it";
  } else if (own && seen.reaches_files && may_try) {
    plan.action = DeleteFiles{places};
    return plan;
  } else if (job_goes || is_orphan(seen) || seen.job->status.phase == api::Phase::kSuspended) {
    nobody = "only the engine of its job can delete them, and it does not run";
  } else if (!may_try) {
    nobody = "they could not be deleted for ten minutes";
  } else if (processes(seen.report)) {
    plan.action = EngineDispose{places, static_cast<std::int64_t>(seen.report->generation),
                                static_cast<std::int64_t>(seen.report->decision)};
    plan.requeue = Requeue::after(kLook);
    return plan;
  } else {
    if (waits)
      return wait(std::move(plan), "JobNotRunning",
                  "waits for the job's engine to delete the files");
    nobody = "the job's engine did not run for ten minutes";
  }
  plan.events.push_back(files_kept(seen.snapshot, nobody));
  plan.action = RemoveFinalizer{};
  return plan;
}

}  // namespace

EventNote files_kept(const api::JobSnapshot& snapshot, const std::string& why) {
  std::string list;
  for (const std::string& uri : places_of(snapshot)) list += (list.empty() ? "" : ", ") + uri;
  return {true, "FilesKept", "the files stay at " + list + ": " + why};
}

SnapshotPlan plan_snapshot(const ObservedSnapshot& seen) {
  SnapshotPlan plan{.status = seen.snapshot.status};
  if (seen.snapshot.metadata.deletion_timestamp) return dispose(seen, std::move(plan));
  plan.status.observed_generation = seen.snapshot.metadata.generation;
  if (is_over(plan.status.phase)) {
    const bool retained = plan.status.phase == SnapshotPhase::kCompleted && is_checkpoint(seen);
    return finish(retained ? watch_checkpoint(seen, std::move(plan)) : std::move(plan), seen);
  }
  if (!seen.verdict.accepted())
    return finish(end(std::move(plan), SnapshotPhase::kFailed, seen.verdict.causes.front().reason,
                      api::join(seen.verdict.causes)),
                  seen);
  // Before the first file is there.
  if (seen.snapshot.spec.retain == api::Retain::kDelete && !has_finalizer(seen)) {
    plan.status = seen.snapshot.status;
    plan.action = AddFinalizer{};
    return plan;
  }
  return finish(take(seen, std::move(plan)), seen);
}

SnapshotResult with_result(const ObservedSnapshot& seen, api::JobSnapshotStatus status,
                           const Result<Taken>& taken) {
  SnapshotResult result;
  SnapshotPlan plan{.status = std::move(status)};
  if (taken) {
    plan.status.phase = SnapshotPhase::kCompleted;
    plan.status.checkpoint_id = static_cast<std::int64_t>(taken->checkpoint);
    plan.status.completed_at = {seen.now};
    plan.status.size_bytes = static_cast<std::int64_t>(taken->state_bytes);
    plan.status.error = {};
    if (is_checkpoint(seen))
      plan.status.uri = checkpoint_place(*seen.job, seen.installation, plan.status.checkpoint_id);
    result.event = {false, "Completed", "it is complete at " + plan.status.uri};
  } else {
    ++plan.status.failures;
    const bool given_up = plan.status.failures >= kAttempts;
    plan.status.phase = given_up ? SnapshotPhase::kFailed : SnapshotPhase::kPending;
    plan.status.error = {given_up ? "Failed" : "AttemptFailed", taken.error().message};
    result.not_before = seen.now + (kFirstPause << (plan.status.failures - 1));
    result.event = {true, plan.status.error.code, plan.status.error.message};
  }
  result.status = finish(std::move(plan), seen).status;
  return result;
}

}  // namespace penstock
