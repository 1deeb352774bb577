#include "controllers/lifecycle/plan.h"

#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"
#include "runtime/base/overloaded.h"

namespace penstock {
namespace {

using State = Process::State;

bool is_over(Phase phase) { return phase == Phase::kFinished || phase == Phase::kFailed; }

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

// The same order again while it is pending, unless the process that took it is gone.
void order_stop(Draft& draft, const char* step, EngineStopMode mode) {
  auto& pending = draft.status.pending;
  const bool lost = pending && draft.seen.report->started_at >= pending->since.millis;
  if (!pending || pending->step != step || lost) {
    pending = api::Pending{
        .step = step, .decision = ++draft.status.counters.decisions, .since = {draft.seen.now}};
    if (mode == EngineStopMode::kSavepoint)
      pending->uri = snapshot_uri(draft.job(), draft.seen.installation,
                                  (std::string_view(step) == "Upgrade" ? "upgrade-" : "suspend-") +
                                      std::to_string(pending->decision));
  }
  draft.actions.push_back(EngineStop{.mode = mode,
                                     .savepoint_uri = pending->uri,
                                     .generation = draft.job().metadata.generation,
                                     .decision = pending->decision});
}

// An engine that does not answer is unknown, not gone: nothing is deleted and nothing is rescaled.
void hold_unknown(Draft& draft) {
  if (draft.seen.unknown_since == 0) {
    draft.ready = no("EngineStarting", "the process runs and has not answered yet");
    draft.progressing = yes("EngineStarting", draft.ready.message);
  } else {
    draft.ready =
        unknown("EngineUnreachable",
                "no answer since " + api::format_time({draft.seen.unknown_since}) +
                    "; nothing is changed until the engine answers: " + draft.seen.unknown_reason);
    draft.progressing = unknown("EngineUnreachable", draft.ready.message);
  }
  draft.soon = true;
}

bool keeps_state(const Draft& draft) {
  return !checkpoint_uri(draft.job(), draft.seen.installation).empty() ||
         draft.spec().upgrade.allow_dropped_state;
}

void refuse_without_storage(Draft& draft) {
  draft.progressing = no("NoStorage",
                         "stopping the job would lose its state; set "
                         "spec.checkpoints.storage.uri");
}

// Whether an order to stop makes sense now; says why not.
bool may_order_stop(Draft& draft, std::string_view doing) {
  draft.soon = true;
  if (!draft.seen.report) {
    hold_unknown(draft);
    return false;
  }
  if (!keeps_state(draft)) {
    refuse_without_storage(draft);
    return false;
  }
  draft.progressing = yes(doing, "the engine takes a last snapshot and stops");
  const std::string& phase = draft.seen.report->phase;
  return phase == "Running" || phase == "Rescaling";
}

void be_over(Draft& draft, const api::EndingReport& ending) {
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
  const bool upgrading = draft.phase == Phase::kUpgrading || (anew && !is_over(draft.phase));
  draft.progressing =
      yes(upgrading ? "Upgrading" : "Deploying",
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
  replace_pod(draft, process, upgrading ? Phase::kUpgrading : Phase::kDeploying, from);
}

// Another version, image or nonce is asked for: stop with a last checkpoint, then start the new
// one.
void plan_upgrade(Draft& draft, const Process& process) {
  draft.progressing = yes("Upgrading", "another version is to start");
  draft.ready = no("Upgrading", draft.progressing.message);
  if (process.state == State::kStarting) {
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
    draft.phase = draft.phase == Phase::kUpgrading ? Phase::kUpgrading : Phase::kDeploying;
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
}

void plan_run(Draft& draft, const Process& process) {
  const std::string hash = process.pod ? [&] {
    const auto found = process.pod->metadata.labels.find(std::string(kVersionLabel));
    return found == process.pod->metadata.labels.end() ? std::string() : found->second;
  }()
                                       : std::string();
  switch (process.state) {
    case State::kNone:
      if (remove_old_pods(draft)) {
        draft.phase = draft.phase == Phase::kUpgrading ? Phase::kUpgrading : Phase::kDeploying;
        draft.ready = no("WaitingForPod", "the previous Pod has to go first");
        draft.progressing = yes("WaitingForPod", draft.ready.message);
        return;
      }
      return start_pod(draft);
    case State::kTerminating:
      draft.phase = draft.phase == Phase::kUpgrading ? Phase::kUpgrading : Phase::kDeploying;
      draft.ready = no("PodTerminating", "Pod " + process.pod->metadata.name + " is being deleted");
      draft.progressing = yes("PodTerminating", draft.ready.message);
      return;
    case State::kLost:
      draft.degraded = yes(process.reason, process.message);
      draft.progressing = yes(process.reason, process.message);
      draft.ready = no(process.reason, process.message);
      ++draft.status.restarts;
      return replace_pod(draft, process, Phase::kDeploying, draft.status.savepoint);
    case State::kEnded:
      return plan_ended(draft, process, hash);
    case State::kStarting:
    case State::kUp:
      if (asks_for_new_process(draft, hash)) return plan_upgrade(draft, process);
      return plan_alive(draft, process);
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
  if (is_over(draft.phase) && !asks_for_new_process(draft, last)) return note_over(draft);
  if (draft.spec().state == api::DesiredState::kSuspended) return plan_suspend(draft, process);
  if (!draft.target.hash.empty()) return plan_run(draft, process);
  draft.ready = no(draft.accepted.reason, draft.accepted.message);
  draft.progressing = no(draft.accepted.reason, "nothing can run until the job is accepted");
}

// A refused job may still have to start what ran before; without its ConfigMap nothing can.
void drop_impossible_start(Draft& draft) {
  if (!draft.target.refused) return;
  const bool creates = std::ranges::any_of(draft.actions, [](const Action& action) {
    return std::holds_alternative<CreateConfigMap>(action);
  });
  if (!creates) return;
  draft.actions.clear();
  draft.status = draft.seen.job.status;
  draft.phase = draft.status.phase;
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
    drop_impossible_start(draft);
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
          [](const DeleteCheckpoints& it) { return "DeleteCheckpoints " + it.uri; },
          [](const SetParallelism& it) { return "SetParallelism " + std::to_string(it.slots); },
      },
      action);
}

}  // namespace penstock
