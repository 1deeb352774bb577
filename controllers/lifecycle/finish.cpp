#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr Millis kRefreshEvery = 10'000;

void put(Draft& draft, const char* type, const Note& note) {
  if (note.reason.empty()) return;  // nothing was found out about it
  set_condition(draft.status.conditions, {.type = type,
                                          .status = note.status,
                                          .observed_generation = draft.job().metadata.generation,
                                          .last_transition_time = {draft.seen.now / 1000 * 1000},
                                          .reason = note.reason,
                                          .message = note.message.substr(0, 32768)});
}

Note state_safe(const Draft& draft) {
  if (draft.phase == Phase::kSuspended)
    return draft.status.savepoint.empty()
               ? Note{}
               : yes("SavepointKept", "resumes from " + draft.status.savepoint);
  if (checkpoint_uri(draft.job(), draft.seen.installation).empty())
    return no(
        "NoStorage",
        "no checkpoints: neither spec.checkpoints.storage.uri nor the operator names a place");
  if (!draft.seen.report) return {};
  const api::CheckpointReport& report = draft.seen.report->checkpoints;
  // What status says is complete stays so when a new process has none of its own yet.
  const Millis last_at = draft.status.checkpoint.completed_at.millis;
  if (last_at == 0)
    return no("NoCheckpoint",
              report.last_error.empty() ? "no checkpoint is complete yet" : report.last_error);
  const bool over = draft.phase == Phase::kFinished || draft.phase == Phase::kFailed;
  const Millis interval = duration_cast<milliseconds>(draft.spec().checkpoints.interval).count();
  if (!over && draft.seen.now - last_at > 3 * interval + report.last_duration + kRefreshEvery)
    return no("CheckpointOld", report.last_error.empty()
                                   ? "the newest checkpoint is older than three intervals"
                                   : report.last_error);
  return yes("CheckpointComplete", "a fresh checkpoint is complete");
}

void fill_checkpoint(Draft& draft) {
  const api::CheckpointReport& report = draft.seen.report->checkpoints;
  api::CheckpointStatus& status = draft.status.checkpoint;
  status.uri = checkpoint_uri(draft.job(), draft.seen.installation);
  const auto failed = static_cast<std::int64_t>(report.failed);
  if (report.last_error.empty()) {
    status.consecutive_failures = 0;
  } else if (failed != status.failures) {
    const bool completed = static_cast<std::int64_t>(report.last_id) != status.id;
    const std::int64_t more = completed || failed < status.failures ? 1 : failed - status.failures;
    status.consecutive_failures =
        static_cast<std::int32_t>((completed ? 0 : status.consecutive_failures) + more);
  }
  status.failures = failed;
  if (report.last_at == 0) return;
  status.id = static_cast<std::int64_t>(report.last_id);
  status.completed_at = {report.last_at};
  status.size_bytes = static_cast<std::int64_t>(report.last_bytes);
  status.duration_ms = report.last_duration;
}

void fill_last_scale(Draft& draft) {
  const api::RescaleReport& report = draft.seen.report->rescales;
  if (report.count == 0 || report.at == 0) return;
  if (draft.status.last_scale && draft.status.last_scale->time.millis == report.at) return;
  draft.status.last_scale = api::LastScale{
      .time = {report.at},
      .from = static_cast<std::int32_t>(report.from),
      .to = static_cast<std::int32_t>(report.to),
      .reason = report.reason,
      .pause_ms = std::chrono::duration<double, std::milli>(report.longest_pause).count()};
  draft.events.push_back({false, "Rescaled",
                          std::to_string(report.from) + " to " + std::to_string(report.to) +
                              " slots in " +
                              std::to_string(duration_cast<milliseconds>(report.duration).count()) +
                              " ms: " + report.reason});
}

// The pause of a move that only its end could tell.
void fill_last_move(Draft& draft) {
  auto& move = draft.status.last_move;
  const auto& report = draft.seen.report->move;
  const api::Pod* active = active_pod(draft.job(), draft.seen.pods);
  if (!move || !report || !active || move->to != active->metadata.name || move->pause_ms != 0)
    return;
  move->pause_ms = std::chrono::duration<double, std::milli>(report->pause).count();
}

// Rates come from the samples that the autoscaler keeps.
void fill_operators(Draft& draft) {
  constexpr std::size_t kListed = 64;
  const api::Objective objective =
      draft.seen.policy ? draft.seen.policy->objective : api::Objective{};
  const JobLoad load = measure(draft.scaling.samples, objective);
  draft.status.operators.clear();
  for (std::size_t c = 0; c < draft.seen.report->chains.size() && c < kListed; ++c) {
    const api::ChainReport& chain = draft.seen.report->chains[c];
    api::OperatorStatus& it = draft.status.operators.emplace_back();
    it.name = chain.name.substr(0, 1024);
    it.parallelism = static_cast<std::int32_t>(chain.parallelism);
    if (chain.behind) it.lag = static_cast<double>(*chain.behind);
    if (c >= load.chains.size() || load.chains[c].name != chain.name) continue;
    it.busy = load.chains[c].busy;
    it.back_pressure = load.chains[c].blocked;
    it.records_in_per_second = load.chains[c].rows_in;
    it.records_out_per_second = load.chains[c].rows_out;
  }
}

void fill_numbers(Draft& draft) {
  draft.status.engine = draft.spec().engine;
  draft.status.selector = scale_selector(draft.job());
  const bool runs = draft.phase != Phase::kSuspended && draft.phase != Phase::kFinished &&
                    draft.phase != Phase::kFailed && draft.phase != Phase::kDeleting;
  const bool started = runs && draft.status.counters.pods > 0;
  draft.status.pods.desired = started ? (draft.status.successor ? 2 : 1) : 0;
  draft.status.pods.ready =
      static_cast<std::int32_t>(std::ranges::count_if(draft.seen.pods, [](const api::Pod& pod) {
        return !pod.metadata.deletion_timestamp && !pod.status.container_statuses.empty() &&
               pod.status.container_statuses.front().ready;
      }));
  draft.status.parallelism.desired = runs ? std::max(draft.spec().parallelism, 1) : 0;
  if (!runs) draft.status.parallelism.running = 0;
  if (!draft.seen.report) return;
  const api::JobReport& report = *draft.seen.report;
  fill_checkpoint(draft);  // also the last one of a job that is over
  if (!runs) return;
  draft.status.parallelism.running = static_cast<std::int32_t>(report.running);
  if (!report.checkpoints.last_error.empty() && draft.degraded.status == api::Truth::kFalse)
    draft.degraded = yes("CheckpointFailing", report.checkpoints.last_error);
  fill_last_scale(draft);
  fill_last_move(draft);
  fill_operators(draft);
}

// ConfigMaps of versions that status does not name any more.
void remove_old_config_maps(Draft& draft) {
  if (draft.phase != Phase::kRunning) return;
  for (const api::ConfigMap& one : draft.seen.config_maps) {
    const auto label = one.metadata.labels.find(std::string(kVersionLabel));
    if (label == one.metadata.labels.end() || one.metadata.deletion_timestamp) continue;
    const bool named = std::ranges::any_of(
        draft.status.versions,
        [&](const api::VersionStatus& version) { return version.hash == label->second; });
    if (!named)
      draft.actions.push_back(
          DeleteConfigMap{one.metadata.name, one.metadata.uid, one.metadata.resource_version});
  }
}

bool is_bad(const api::Condition& condition) {
  if (condition.type == "Degraded") return condition.status == api::Truth::kTrue;
  if (condition.type == "ScalingActive")
    return condition.reason == "TwoWriters" ||
           (condition.status == api::Truth::kFalse && !condition.reason.starts_with("Mode"));
  return condition.status == api::Truth::kUnknown;
}

// An Event for each condition that says something else than before.
std::vector<EventNote> condition_events(const Draft& draft) {
  std::vector<EventNote> events;
  for (const api::Condition& now : draft.status.conditions) {
    const api::Condition* before = api::find_condition(draft.job().status.conditions, now.type);
    if (before && before->status == now.status && before->reason == now.reason) continue;
    const bool bad = is_bad(now);
    const bool refused = now.type == "Accepted" && now.status == api::Truth::kFalse;
    if (!before && !bad && !refused && now.type != "Progressing") continue;
    const EventNote note{bad || refused, now.reason, now.message};
    const bool said = std::ranges::any_of(
        events, [&](const EventNote& one) { return one.reason == note.reason; });
    if (!said) events.push_back(note);
  }
  return events;
}

// The status without what changes all the time.
api::StreamJobStatus lasting(api::StreamJobStatus status) {
  status.operators.clear();
  status.checkpoint = {};
  status.refreshed_at = {};
  if (status.scaling) status.scaling = api::ScalingStatus{.mode = status.scaling->mode};
  for (api::Condition& condition : status.conditions)
    if (condition.type != "Accepted") condition.message.clear();
  return status;
}

// A decision that somebody acts upon: we at once, others when it is another one than before.
bool is_news(const Draft& draft) {
  if (!draft.decision || draft.decision->slots == draft.decision->current) return false;
  const auto& before = draft.job().status.scaling;
  return draft.decision->mode == api::ScalingMode::kAuto || !before ||
         before->recommended != draft.decision->slots;
}

Requeue next_look(const Draft& draft) {
  if (draft.soon || !draft.actions.empty()) return Requeue::after(std::chrono::seconds(1));
  const bool waits = draft.phase == Phase::kSuspended || draft.phase == Phase::kFinished ||
                     draft.phase == Phase::kFailed || draft.phase == Phase::kPending;
  if (waits) return Requeue::never();
  // Where no process runs there is nothing to ask, and time-outs are of minutes.
  const bool runs = std::ranges::any_of(
      draft.seen.pods, [](const api::Pod& pod) { return pod.status.phase == "Running"; });
  return Requeue::after(std::chrono::seconds(runs ? 10 : 30));
}

}  // namespace

Plan finish(Draft draft) {
  const api::StreamJobStatus& before = draft.job().status;
  const Phase aim = draft.phase;
  draft.phase = step_towards(before.phase, aim);
  if (draft.phase != aim) draft.soon = true;
  draft.status.phase = draft.phase;
  draft.status.observed_generation = draft.job().metadata.generation;
  fill_numbers(draft);
  put(draft, "Accepted", draft.accepted);
  put(draft, "Ready", draft.ready);
  put(draft, "Progressing", draft.progressing);
  if (!draft.progressing.reason.empty()) put(draft, "Degraded", draft.degraded);
  put(draft, "StateSafe", state_safe(draft));
  put(draft, "ScalingActive", scaling_note(draft));
  if (!draft.spec().scaling.policy && !draft.spec().scaling.policy_ref)
    std::erase_if(draft.status.conditions,
                  [](const api::Condition& one) { return one.type == "ScalingActive"; });
  remove_old_config_maps(draft);

  Plan plan;
  plan.requeue = next_look(draft);
  plan.events = condition_events(draft);
  plan.events.insert(plan.events.end(), draft.events.begin(), draft.events.end());
  const bool scales = is_news(draft);
  const Millis age = draft.seen.now - before.refreshed_at.millis;
  const bool due = age >= kRefreshEvery || age < 0;  // or the clock was set back
  if (!scales && lasting(draft.status) == lasting(before) && !(due && draft.seen.report)) {
    plan.status = before;
  } else {
    draft.status.refreshed_at = {draft.seen.now};
    plan.status = std::move(draft.status);
  }
  plan.actions = std::move(draft.actions);
  plan.scaling = std::move(draft.scaling);
  plan.decision = std::move(draft.decision);
  return plan;
}

}  // namespace penstock
