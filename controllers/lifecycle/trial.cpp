#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"
#include "controllers/lifecycle/soak.h"

namespace penstock {
namespace {

using State = Process::State;

void add_pod(Soak& soak, const api::Pod& pod) {
  if (pod.status.container_statuses.empty()) return;
  const api::ContainerStatus& container = pod.status.container_statuses.front();
  soak.restarts += container.restart_count;
  if (container.last_state.terminated)
    soak.last_restart = container.last_state.terminated->finished_at.millis;
}

Soak soak_of(const Draft& draft, const Process& process) {
  Soak soak{.trial = *draft.status.trial,
            .upgrade = draft.spec().upgrade,
            .checkpoints = draft.spec().checkpoints,
            .has_storage = !checkpoint_uri(draft.job(), draft.seen.installation).empty(),
            .report = draft.seen.report,
            .restarts = draft.status.restarts - draft.status.trial->restarts,
            .now = draft.seen.now};
  if (process.state == State::kEnded) soak.ending = process.ending;
  if (process.state == State::kStarting && process.trouble) soak.trouble = process.message;
  if (process.pod) add_pod(soak, *process.pod);
  if (soak.report) soak.restarts += static_cast<std::int64_t>(soak.report->restarts);
  for (const api::OperatorStatus& it : draft.status.operators) {
    if (!it.lag) continue;
    soak.lag = soak.lag.value_or(0) + *it.lag;
    if (it.records_out_per_second) soak.rate = soak.rate.value_or(0) + *it.records_out_per_second;
  }
  return soak;
}

// Why the version cannot be left for the one before it; empty: it can.
std::string obstacle(const Draft& draft, const api::VersionStatus* to) {
  if (!draft.spec().upgrade.rollback) return "upgrade.rollback is false";
  if (!to) return "there is no earlier version that was stable";
  if (!keeps_state(draft)) return "without spec.checkpoints.storage its state would be lost";
  if (draft.seen.rollback_misfits.empty()) return "";
  std::string text =
      "the state that it has written does not fit the version before it, and from older state that "
      "one would write rows twice";
  for (const std::string& misfit : draft.seen.rollback_misfits) text += "; " + misfit;
  return text;
}

void reject(Draft& draft, const SoakVerdict& verdict, const api::VersionStatus& to) {
  const std::string bad = draft.status.trial->hash;
  const std::string message = verdict.reason + ": " + verdict.message +
                              "; back to the last stable version, of generation " +
                              std::to_string(to.generation) +
                              ", with the newest state; change spec to try another one";
  draft.status.rejected = api::RejectedStatus{.hash = bad,
                                              .replaced_by = to.hash,
                                              .time = {draft.seen.now},
                                              .restart_nonce = draft.spec().restart_nonce,
                                              .reason = verdict.reason,
                                              .message = message.substr(0, 1024)};
  draft.status.trial.reset();
  draft.status.pending.reset();
  draft.target = {to.hash, true};
}

}  // namespace

const api::VersionStatus* stable_version(const api::StreamJob& job,
                                         const std::vector<api::ConfigMap>& config_maps) {
  const auto& versions = job.status.versions;
  for (std::size_t i = 1; i < versions.size(); ++i) {
    const std::string name = config_map_name(job.metadata.name, versions[i].hash);
    const bool there = std::ranges::any_of(
        config_maps, [&](const api::ConfigMap& one) { return one.metadata.name == name; });
    if (versions[i].stable && there) return &versions[i];
  }
  return nullptr;
}

bool rolls_back(const Draft& draft) {
  return draft.status.rejected && draft.status.rejected->replaced_by == draft.target.hash;
}

void judge_version(Draft& draft, const Process& process, std::string_view hash) {
  const auto& trial = draft.status.trial;
  if (!trial || trial->hash != hash || draft.status.versions.empty() ||
      draft.status.versions.front().hash != hash)
    return;
  const SoakVerdict verdict = judge_soak(soak_of(draft, process));
  if (verdict.state == SoakVerdict::State::kOnTrial) return;
  if (verdict.state == SoakVerdict::State::kGood) {
    draft.status.versions.front().stable = true;
    draft.status.trial.reset();
    return;
  }
  if (draft.target.hash != hash) return;  // spec asks for something else already
  const api::VersionStatus* to = stable_version(draft.job(), draft.seen.config_maps);
  const std::string why_not = obstacle(draft, to);
  if (why_not.empty()) return reject(draft, verdict, *to);
  if (draft.status.versions.size() < 2) return;  // nothing is said of the first
  draft.verdict = yes(verdict.reason, "the new version is not good: " + verdict.message +
                                          "; it stays, since " + why_not);
}

// The bad version stops in order where it can; it is what runs, so that nothing waits for it.
void plan_roll_back(Draft& draft, const Process& process) {
  const std::string message = draft.status.rejected->message;
  draft.progressing = yes("RollingBack", message);
  draft.ready = no("RollingBack", message);
  draft.degraded = yes("RolledBack", message);
  draft.soon = true;
  const auto& report = draft.seen.report;
  if (process.state == State::kUp && !report) {
    hold_unknown(draft);
    return;
  }
  draft.phase = Phase::kRollingBack;
  const bool stops = report && (report->phase == "Running" || report->phase == "Rescaling" ||
                                report->phase == "Stopping");
  if (process.state == State::kUp && stops) {
    if (report->phase != "Stopping") order_stop(draft, "RollBack", EngineStopMode::kNow);
    return;
  }
  replace_pod(draft, process, Phase::kRollingBack, draft.status.savepoint);
}

}  // namespace penstock
