#include "controllers/lifecycle/plan.h"

#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"
#include "runtime/base/overloaded.h"

namespace penstock {
namespace {

using State = Process::State;

bool is_over(Phase phase) { return phase == Phase::kFinished || phase == Phase::kFailed; }

// A version that was bad is not tried again until it is asked for anew.
bool is_rejected(const Draft& draft, const std::string& hash) {
  const auto& rejected = draft.status.rejected;
  return rejected && rejected->hash == hash && draft.spec().upgrade.rollback &&
         rejected->restart_nonce == draft.spec().restart_nonce;
}

// What should run. A version that is refused leaves the one that runs alone.
Target choose_target(Draft& draft) {
  const Observed& seen = draft.seen;
  const std::string last =
      seen.job.status.versions.empty() ? "" : seen.job.status.versions.front().hash;
  if (!seen.sql) {
    draft.accepted =
        no("SqlNotFound", "the ConfigMap or the key that spec.sqlFrom names does not exist");
    return {last, true};
  }
  if (!seen.verdict.accepted()) {
    draft.accepted = no(seen.verdict.causes.front().reason, api::join(seen.verdict.causes));
    return {last, true};
  }
  const std::string wanted = version_hash(seen.job, *seen.sql, seen.installation);
  if (is_rejected(draft, wanted)) {
    draft.accepted = yes("Valid", "the job can run");
    return {draft.status.rejected->replaced_by, true};
  }
  draft.status.rejected.reset();
  if (!last.empty() && wanted != last && !seen.misfits.empty() &&
      !seen.job.spec.upgrade.allow_dropped_state) {
    std::string message = "state would be lost; set spec.upgrade.allowDroppedState to accept that";
    for (const std::string& misfit : seen.misfits) message += "; " + misfit;
    draft.accepted = no("StateDoesNotFit", message);
    return {last, true};
  }
  draft.accepted = yes("Valid", "the job can run");
  return {wanted, false};
}

void be_over(Draft& draft, const api::EndingReport& ending) {
  drop_successor(draft);
  const bool finished = ending.kind == api::EndingKind::kFinished;
  draft.phase = finished ? Phase::kFinished : Phase::kFailed;
  draft.status.error = finished ? api::JobError{} : api::JobError{ending.reason, ending.message};
  draft.status.pending.reset();
}

void note_over(Draft& draft) {
  const bool finished = draft.phase == Phase::kFinished;
  const api::JobError& error = draft.status.error;
  draft.ready = finished ? no("Finished", "the input has ended and all of it is processed")
                         : no(error.code.empty() ? "Failed" : error.code, error.message);
  draft.progressing = no(finished ? "Finished" : "Failed", draft.ready.message);
  draft.degraded = finished ? no("AsExpected", "") : yes(draft.ready.reason, error.message);
}

void plan_suspend(Draft& draft, const Process& process) {
  drop_successor(draft);
  const bool suspending = draft.status.pending && draft.status.pending->step == "Suspend";
  draft.progressing = yes("Suspending", "the job is to stop");
  draft.ready = no("Suspending", draft.progressing.message);
  switch (process.state) {
    case State::kNone:
      if (remove_old_pods(draft)) return;
      draft.phase = Phase::kSuspended;
      draft.status.pending.reset();
      draft.ready = no("Suspended", "the job is suspended as spec.state says");
      draft.progressing = no("Suspended", draft.ready.message);
      return;
    case State::kTerminating:
      return;
    case State::kStarting:
    case State::kLost:
      return replace_pod(draft, process, draft.phase, draft.status.savepoint);
    case State::kEnded:
      if (process.ending.kind == api::EndingKind::kFinished ||
          process.ending.kind == api::EndingKind::kFailed) {
        be_over(draft, process.ending);
        return note_over(draft);
      }
      return replace_pod(draft, process, draft.phase,
                         suspending ? draft.status.pending->uri : draft.status.savepoint);
    case State::kUp:
      if (draft.seen.report && draft.seen.report->phase == "Following")  // it holds nothing
        return replace_pod(draft, process, draft.phase, draft.status.savepoint);
      if (may_order_stop(draft, "Suspending"))
        order_stop(draft, "Suspend", EngineStopMode::kSavepoint);
      return;
  }
}

void plan_ended(Draft& draft, const Process& process, const std::string& hash) {
  const bool anew = asks_for_new_process(draft, hash);
  const api::EndingKind kind = process.ending.kind;
  if (!anew && (kind == api::EndingKind::kFinished || kind == api::EndingKind::kFailed)) {
    be_over(draft, process.ending);
    return note_over(draft);
  }
  if (anew && rolls_back(draft)) {
    draft.phase = Phase::kRollingBack;
    draft.degraded = yes("RolledBack", draft.status.rejected->message);
  } else if (anew && !is_over(draft.phase)) {
    draft.phase = Phase::kUpgrading;
  }
  draft.phase = starting_phase(draft);
  draft.progressing =
      yes(to_string(draft.phase),
          "the process ended (" + std::string(api::to_string(kind)) + "); another one is to start");
  draft.ready = no(draft.progressing.reason, draft.progressing.message);
  std::string from = draft.status.savepoint;
  const auto& pending = draft.status.pending;
  if (kind == api::EndingKind::kStopped && pending && pending->step == "Upgrade" &&
      !pending->uri.empty()) {
    from = pending->uri;
    draft.events.push_back(
        {.reason = "SavepointTaken", .message = "the state before the upgrade is kept at " + from});
  }
  replace_pod(draft, process, draft.phase, from);
}

// Another version, image or nonce is asked for: stop with a last checkpoint, then start the new
// one.
void plan_upgrade(Draft& draft, const Process& process) {
  draft.progressing = yes("Upgrading", "another version is to start");
  draft.ready = no("Upgrading", draft.progressing.message);
  const bool restarts = draft.seen.report && draft.seen.report->phase == "Restarting";
  if (process.state == State::kStarting || (restarts && keeps_state(draft))) {
    const Phase phase = draft.phase == Phase::kDeploying ? Phase::kDeploying : Phase::kUpgrading;
    return replace_pod(draft, process, phase, draft.status.savepoint);
  }
  if (!may_order_stop(draft, "Upgrading")) return;
  draft.phase = Phase::kUpgrading;
  const bool savepoint = draft.spec().upgrade.mode == api::UpgradeMode::kSavepoint;
  order_stop(draft, "Upgrade", savepoint ? EngineStopMode::kSavepoint : EngineStopMode::kNow);
}

void note_report(Draft& draft, const api::JobReport& report) {
  if (report.phase == "Running" || report.phase == "Rescaling") {
    draft.ready = yes("Running", "the engine processes");
  } else if (report.phase == "Restarting") {
    draft.ready = no("Restarting",
                     "the engine restarts from the newest checkpoint" +
                         (report.failures.empty() ? "" : ": " + report.failures.back().message));
    draft.degraded = yes("Restarting", draft.ready.message);
  } else {
    draft.ready =
        no(report.phase.empty() ? "Starting" : report.phase, "the engine does not process yet");
  }
}

// The process that should run is there.
void plan_alive(Draft& draft, const Process& process) {
  if (process.state == State::kStarting) {
    draft.phase = starting_phase(draft);
    draft.ready = no(process.reason, process.message);
    draft.progressing = yes(process.reason, process.message);
    if (process.trouble) draft.degraded = yes(process.reason, process.message);
    draft.soon = true;
    return;
  }
  if (!draft.seen.report) return hold_unknown(draft);
  const api::JobReport& report = *draft.seen.report;
  note_report(draft, report);
  draft.progressing = yes(draft.ready.reason, draft.ready.message);
  if (report.phase != "Running" && report.phase != "Rescaling") {
    draft.soon = true;
    return;
  }
  if (draft.status.pending && draft.status.pending->step != "Rescale") draft.status.pending.reset();
  if (rolls_back(draft)) draft.degraded = yes("RolledBack", draft.status.rejected->message);
  if (!draft.verdict.reason.empty()) draft.degraded = draft.verdict;
  if (report.checkpoints.completed > 0) draft.status.savepoint.clear();
  draft.status.error = {};
  if (const std::string death = recent_death(*process.pod, draft.seen.now); !death.empty())
    draft.degraded = yes("ProcessDied", death);
  if (draft.spec().restore_from && !draft.seen.restore_uri &&
      draft.status.nonces.restore != draft.spec().restore_nonce)
    draft.degraded =
        yes("SnapshotNotReady", "restoreNonce asks for a start from snapshot " +
                                    draft.spec().restore_from->snapshot +
                                    ", which is not complete; the job goes on until it is");
  plan_size(draft, report, *process.pod);
  if (draft.phase == Phase::kRunning) look_around(draft, *process.pod);
}

// The process runs, or is about to.
void plan_there(Draft& draft, const Process& process, const std::string& hash) {
  const auto& report = draft.seen.report;
  if (report && report->phase == "Following") return take_over(draft, *process.pod, *report);
  if (process.state == State::kUp && !report && draft.seen.unknown_since != 0 &&
      node_is_lost(draft, *process.pod)) {
    hold_unknown(draft);
    begin_successor(draft, api::SuccessorRole::kMove, "NodeNotReady",
                    "the node is not ready and the engine does not answer");
    return;
  }
  if (!asks_for_new_process(draft, hash)) return plan_alive(draft, process);
  if (rolls_back(draft)) return plan_roll_back(draft, process);
  if (!moves_to_target(draft, process, hash)) return plan_upgrade(draft, process);
  const bool begun = begin_successor(draft, api::SuccessorRole::kMove, "NewVersion",
                                     "another image, template or setting is wanted");
  if (!begun) return plan_alive(draft, process);
  note_report(draft, *report);
}

std::string version_of(const api::Pod& pod) {
  const auto found = pod.metadata.labels.find(std::string(kVersionLabel));
  return found == pod.metadata.labels.end() ? "" : found->second;
}

void wait_for_pod(Draft& draft, const char* reason, const std::string& message) {
  draft.phase = starting_phase(draft);
  draft.ready = no(reason, message);
  draft.progressing = yes(reason, message);
}

void plan_run(Draft& draft, const Process& process) {
  if (plan_successor(draft, process)) return;
  const std::string hash = process.pod ? version_of(*process.pod) : "";
  judge_version(draft, process, hash);
  switch (process.state) {
    case State::kNone:
      if (remove_old_pods(draft))
        return wait_for_pod(draft, "WaitingForPod", "the previous Pod has to go first");
      return start_pod(draft);
    case State::kTerminating:
      if (is_overdue(draft, *process.pod))
        return replace_pod(draft, process, starting_phase(draft), draft.status.savepoint);
      return wait_for_pod(draft, "PodTerminating",
                          "Pod " + process.pod->metadata.name + " is being deleted");
    case State::kLost:
      draft.degraded = yes(process.reason, process.message);
      draft.progressing = yes(process.reason, process.message);
      draft.ready = no(process.reason, process.message);
      ++draft.status.restarts;
      return replace_pod(draft, process, starting_phase(draft), draft.status.savepoint);
    case State::kEnded:
      return plan_ended(draft, process, hash);
    case State::kStarting:
    case State::kUp:
      return plan_there(draft, process, hash);
  }
}

// Nothing is created any more; the finalizer goes when nothing is left.
void plan_delete(Draft& draft) {
  const auto& finalizers = draft.job().metadata.finalizers;
  if (std::ranges::find(finalizers, api::kFinalizer) == finalizers.end()) return;
  draft.phase = Phase::kDeleting;
  draft.progressing = yes("Deleting", "the job is being deleted");
  draft.ready = no("Deleting", draft.progressing.message);
  for (const api::Pod& pod : draft.seen.pods)
    if (!pod.metadata.deletion_timestamp)
      draft.actions.push_back(
          DeletePod{pod.metadata.name, pod.metadata.uid, pod.metadata.resource_version});
  if (!draft.seen.pods.empty()) return;
  const std::string uri = checkpoint_uri(draft.job(), draft.seen.installation);
  if (draft.spec().checkpoints.on_delete == api::Retain::kDelete && !uri.empty())
    draft.actions.push_back(DeleteCheckpoints{uri});
  draft.actions.push_back(RemoveFinalizer{});
}

void plan_live(Draft& draft) {
  draft.target = choose_target(draft);
  const Process process = look_at(active_pod(draft.job(), draft.seen.pods), draft.seen.report);
  const std::string last = draft.status.versions.empty() ? "" : draft.status.versions.front().hash;
  if (is_over(draft.phase) && !asks_for_new_process(draft, last)) {
    remove_old_pods(draft);
    return note_over(draft);
  }
  if (draft.spec().state == api::DesiredState::kSuspended) return plan_suspend(draft, process);
  if (!draft.target.hash.empty()) return plan_run(draft, process);
  draft.ready = no(draft.accepted.reason, draft.accepted.message);
  draft.progressing = no(draft.accepted.reason, "nothing can run until the job is accepted");
}

}  // namespace

Plan plan_stream_job(const Observed& observed) {
  Draft draft{.seen = observed,
              .status = observed.job.status,
              .phase = observed.job.status.phase,
              .scaling = observed.scaling};
  draft.degraded = no("AsExpected", "");
  if (observed.report) {
    const api::Objective objective =
        observed.policy ? observed.policy->objective : api::Objective{};
    draft.scaling = remember(std::move(draft.scaling), *observed.report, objective);
  }
  const auto& finalizers = observed.job.metadata.finalizers;
  if (observed.job.metadata.deletion_timestamp) {
    plan_delete(draft);
  } else if (std::ranges::find(finalizers, api::kFinalizer) == finalizers.end()) {
    draft.actions.push_back(AddFinalizer{});
  } else {
    plan_live(draft);
  }
  return finish(std::move(draft));
}

std::string to_string(const Action& action) {
  return std::visit(
      Overloaded{
          [](const AddFinalizer&) -> std::string { return "AddFinalizer"; },
          [](const RemoveFinalizer&) -> std::string { return "RemoveFinalizer"; },
          [](const CreateConfigMap& it) { return "CreateConfigMap " + it.object.name; },
          [](const DeleteConfigMap& it) { return "DeleteConfigMap " + it.name; },
          [](const CreateCertificate&) -> std::string { return "CreateCertificate"; },
          [](const CreatePod& it) { return "CreatePod " + it.object.name; },
          [](const DeletePod& it) { return "DeletePod " + it.name; },
          [](const ResizePod& it) { return "ResizePod " + it.name; },
          [](const EngineRescale& it) { return "EngineRescale " + std::to_string(it.slots); },
          [](const EngineStop& it) {
            return it.savepoint_uri.empty() ? "EngineStop" : "EngineStop " + it.savepoint_uri;
          },
          [](const EngineSavepoint& it) { return "EngineSavepoint " + it.uri; },
          [](const EngineHandOver&) -> std::string { return "EngineHandOver"; },
          [](const EngineTakeOver& it) -> std::string {
            return it.now ? "EngineTakeOver now" : "EngineTakeOver";
          },
          [](const CreateDisruptionBudget&) -> std::string { return "CreateDisruptionBudget"; },
          [](const DeleteCheckpoints& it) { return "DeleteCheckpoints " + it.uri; },
          [](const SetParallelism& it) { return "SetParallelism " + std::to_string(it.slots); },
      },
      action);
}

}  // namespace penstock
