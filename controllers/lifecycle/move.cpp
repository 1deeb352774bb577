#include <algorithm>

#include "controllers/desired/names.h"
#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

using State = Process::State;
using Role = api::SuccessorRole;

constexpr Millis kSchedulingTimeout = 120'000;  // a cluster autoscaler needs its Pending Pod
constexpr Millis kPullTimeout = 600'000;
constexpr Millis kFollowTimeout = 1'800'000;
constexpr Millis kHandOverTimeout = 180'000;  // the engine tries for a minute, and then claims
constexpr Millis kAgainAfter = 300'000;

bool processes(const std::optional<api::JobReport>& report) {
  return report && !report->ending && (report->phase == "Running" || report->phase == "Rescaling");
}

bool has_caught_up(const std::optional<api::JobReport>& report) {
  return report && report->phase == "Following" && report->following &&
         report->following->caught_up;
}

bool is_over(const Process& process) {
  return process.state == State::kEnded && (process.ending.kind == api::EndingKind::kFinished ||
                                            process.ending.kind == api::EndingKind::kFailed);
}

enum class Fate {
  kLives,
  kStarts,  // again, in its Pod: one that follows is faster
  kGone,
};
Fate fate_of(const Draft& draft, const Process& active) {
  switch (active.state) {
    case State::kNone:
    case State::kTerminating:
    case State::kLost:
    case State::kEnded:
      return Fate::kGone;
    case State::kStarting:
      return Fate::kStarts;
    case State::kUp:
      if (!draft.seen.report) return node_is_lost(draft, *active.pod) ? Fate::kGone : Fate::kLives;
      return draft.seen.report->phase == "Starting" ? Fate::kStarts : Fate::kLives;
  }
  return Fate::kLives;
}

// Why the successor comes to nothing; no reason: it may still become something.
Note trouble_of(const Draft& draft, const Process& next) {
  const api::SuccessorStatus& it = *draft.status.successor;
  const Millis age = draft.seen.now - it.since.millis;
  const auto trouble = [](std::string reason, std::string message) {
    return Note{api::Truth::kTrue, std::move(reason), std::move(message)};
  };
  switch (next.state) {
    case State::kNone:
    case State::kTerminating:
      if (age <= kSchedulingTimeout && next.state == State::kNone) return {};
      return trouble("SuccessorGone", "its Pod is gone");
    case State::kLost:
      return trouble(next.reason, next.message);
    case State::kEnded:
      return trouble(next.ending.reason.empty() ? "SuccessorEnded" : next.ending.reason,
                     "it ended: " + next.ending.message);
    case State::kStarting: {
      const bool died = !next.pod->status.container_statuses.empty() &&
                        next.pod->status.container_statuses.front().restart_count > 1;
      const Millis patience = next.trouble ? kSchedulingTimeout : kPullTimeout;
      return died || age > patience ? trouble(next.reason, next.message) : Note{};
    }
    case State::kUp:
      break;
  }
  const bool ordered = it.decision > 0;
  if (ordered && draft.seen.now - it.ordered_at.millis > kHandOverTimeout)
    return trouble("HandOverFailed", "the job was not handed over in three minutes");
  if (it.role == Role::kMove && !ordered && age > kFollowTimeout)
    return trouble("NotCaughtUp", "it did not catch up with the checkpoints in half an hour");
  return {};
}

void give_up(Draft& draft, const Note& why) {
  const api::SuccessorStatus& it = *draft.status.successor;
  const std::string pod = pod_name(draft.job().metadata.name, it.pod);
  draft.status.given_up = api::GivenUpStatus{
      .time = {draft.seen.now},
      .generation = draft.job().metadata.generation,
      .hash = it.hash,
      .reason = it.role == Role::kMove ? "MoveGivenUp" : "StandbyGivenUp",
      .message = (why.reason + ": Pod " + pod + " was to " +
                  (it.role == Role::kMove ? "take over (" + it.message + ")" : "stand by") + "; " +
                  why.message + "; the job runs on, and it is tried again in five minutes")
                     .substr(0, 1024)};
  if (draft.phase == Phase::kMoving) draft.phase = Phase::kRunning;
  drop_successor(draft);
}

// The successor is the active process from now on.
void promote(Draft& draft, const Process& active, const api::Pod& pod, bool planned) {
  const api::SuccessorStatus it = *draft.status.successor;
  const auto& report = draft.seen.successor_report;
  const bool runs = processes(report);
  api::LastMove& move = draft.status.last_move.emplace();
  move.time = {draft.seen.now};
  move.from = pod_name(draft.job().metadata.name, active_number(draft.status));
  move.to = pod.metadata.name;
  move.reason = planned ? it.reason : "ProcessLost";
  if (report && report->move)
    move.pause_ms = std::chrono::duration<double, std::milli>(report->move->pause).count();
  if (!planned) ++draft.status.restarts;
  draft.status.active = it.pod;
  draft.status.successor.reset();
  draft.status.given_up.reset();
  draft.status.pending.reset();
  note_version(draft, it.hash);
  draft.phase = Phase::kMoving;
  draft.soon = true;
  const std::string message = "from Pod " + move.from + " to " + move.to +
                              (planned ? ": " + it.message : ": the process is gone");
  draft.progressing = yes("Moving", message);
  draft.ready = runs ? yes("Running", "the engine processes") : no("TakingOver", message);
  draft.events.push_back({!planned, planned ? "Moved" : "ProcessLost", message});
  if (fate_of(draft, active) == Fate::kStarts) {  // its kubelet must not start it again
    const api::ObjectMeta& old = active.pod->metadata;
    draft.actions.push_back(DeletePod{old.name, old.uid, old.resource_version});
  }
}

// `active` is told too, unless it has ended.
void hand_over(Draft& draft, const Process& active, const api::Pod& next) {
  api::SuccessorStatus& it = *draft.status.successor;
  if (it.decision == 0) {
    it.decision = ++draft.status.counters.decisions;
    it.ordered_at = {draft.seen.now};
  }
  const std::int64_t generation = draft.job().metadata.generation;
  if (active.state == State::kUp && draft.seen.report)
    draft.actions.push_back(EngineHandOver{generation, it.decision});
  draft.actions.push_back(EngineTakeOver{next.metadata.uid, generation, it.decision, false});
}

void go_on_moving(Draft& draft, const Process& active, const Process& next) {
  draft.phase = Phase::kMoving;
  draft.soon = true;
  const api::SuccessorStatus& it = *draft.status.successor;
  const std::string where = "Pod " + pod_name(draft.job().metadata.name, it.pod);
  const auto& report = draft.seen.successor_report;
  std::string stands = " is to start";
  if (next.state == State::kStarting) stands = ": " + next.message;
  if (next.state == State::kUp) stands = " reads the checkpoints";
  if (has_caught_up(report)) stands = " takes over";
  draft.progressing = yes("Moving", it.message + "; " + where + stands);
  if (!draft.seen.report && active.state == State::kUp) {
    const Note progressing = draft.progressing;
    hold_unknown(draft);
    draft.progressing = progressing;
    return;
  }
  draft.ready = processes(draft.seen.report) || it.decision > 0
                    ? yes("Running", "the engine processes")
                    : no("Restarting", "the engine does not process");
  const bool begins = active.state == State::kUp && draft.seen.report &&
                      draft.seen.report->phase == "Running" && has_caught_up(report);
  if (begins || it.decision > 0) hand_over(draft, active, *next.pod);
}

// The predecessor has ended because the successor has claimed the job.
bool has_handed_over(const Draft& draft, const Process& active, const Process& next) {
  const api::SuccessorStatus& it = *draft.status.successor;
  return it.decision > 0 && active.state == State::kEnded && active.ending.reason == "HandedOver" &&
         next.state == State::kUp && draft.seen.now - it.ordered_at.millis < kHandOverTimeout;
}

bool is_wanted(const Draft& draft) {
  const api::SuccessorStatus& it = *draft.status.successor;
  if (it.hash != draft.target.hash) return false;
  return it.role == Role::kMove || draft.spec().standby;
}

void create_successor(Draft& draft) {
  const api::SuccessorStatus& it = *draft.status.successor;
  const std::int32_t slots = std::clamp(
      std::max(draft.spec().parallelism, draft.spec().min_parallelism), 1, draft.spec().key_groups);
  create_pod(draft, {.number = it.pod, .hash = it.hash, .slots = slots, .follow = true});
}

const api::Node* node_of(const Draft& draft, const api::Pod& pod) {
  for (const api::Node& node : draft.seen.nodes)
    if (node.metadata.name == pod.spec.node_name) return &node;
  return nullptr;
}

bool is_ready(const api::Node& node) {
  return std::ranges::none_of(node.status.conditions, [](const api::PodCondition& one) {
    return one.type == "Ready" && one.status != api::Truth::kTrue;
  });
}

// Why the Pod should not stay on its node; no reason: it may.
Note reason_to_leave(const Draft& draft, const api::Pod& pod) {
  const api::Node* node = node_of(draft, pod);
  if (!node) return {};
  const std::string where = "node " + node->metadata.name;
  if (node->spec.unschedulable) return yes("NodeCordoned", where + " is cordoned");
  for (const api::Taint& taint : node->spec.taints)
    if (taint.effect == "NoExecute" && !taint.key.starts_with("node.kubernetes.io/"))
      return yes("NodeTainted", where + " has the taint " + taint.key + ":NoExecute");
  if (!draft.seen.report && !is_ready(*node))
    return yes("NodeNotReady", where + " is not ready and the engine does not answer");
  return {};
}

// A Pod that came here although its node was like that stays.
bool came_knowingly(const Draft& draft, const api::Pod& pod, const Note& reason) {
  const auto& last = draft.status.last_move;
  return last && last->to == pod.metadata.name && last->reason == reason.reason;
}

bool gave_up_lately(const Draft& draft) {
  const auto& it = draft.status.given_up;
  return it && it->hash == draft.target.hash && it->generation == draft.job().metadata.generation &&
         draft.seen.now - it->time.millis < kAgainAfter;
}

}  // namespace

bool node_is_lost(const Draft& draft, const api::Pod& pod) {
  const api::Node* node = node_of(draft, pod);
  return node && !is_ready(*node);
}

void drop_successor(Draft& draft) {
  if (!draft.status.successor) return;
  draft.status.successor.reset();
  draft.soon = true;
  const std::string active = pod_name(draft.job().metadata.name, active_number(draft.status));
  const api::Pod* pod = successor_pod(draft.job(), draft.seen.pods);
  if (!pod || pod->metadata.name == active || pod->metadata.deletion_timestamp) return;
  const api::ObjectMeta& meta = pod->metadata;
  draft.actions.push_back(DeletePod{meta.name, meta.uid, meta.resource_version});
}

bool begin_successor(Draft& draft, Role role, std::string reason, std::string message) {
  if (checkpoint_uri(draft.job(), draft.seen.installation).empty()) return false;
  auto& successor = draft.status.successor;
  if (successor && role == Role::kStandby) return false;
  if (successor) {  // the standby moves the job
    successor->role = role;
    successor->reason = std::move(reason);
    successor->message = message.substr(0, 1024);
    successor->since = {draft.seen.now};
  } else {
    if (gave_up_lately(draft)) return false;
    draft.status.given_up.reset();
    draft.status.active = active_number(draft.status);
    successor = api::SuccessorStatus{.pod = ++draft.status.counters.pods,
                                     .role = role,
                                     .hash = draft.target.hash,
                                     .reason = std::move(reason),
                                     .message = message.substr(0, 1024),
                                     .since = {draft.seen.now}};
    create_successor(draft);
  }
  draft.soon = true;
  if (role == Role::kMove) {
    draft.phase = Phase::kMoving;
    draft.progressing = yes("Moving", message);
  }
  return true;
}

bool plan_successor(Draft& draft, const Process& active) {
  if (!draft.status.successor) return false;
  const api::Pod* pod = successor_pod(draft.job(), draft.seen.pods);
  const Process next = look_at(pod, draft.seen.successor_report);
  if (processes(draft.seen.successor_report) && pod) {
    const bool planned = draft.status.successor->decision > 0;
    promote(draft, active, *pod, planned);
    return true;
  }
  if (is_over(active)) {
    drop_successor(draft);
    return false;
  }
  const Fate fate = fate_of(draft, active);
  if (has_handed_over(draft, active, next)) {
    go_on_moving(draft, active, next);
    return true;
  }
  const bool alive = next.state == State::kUp || (next.state == State::kStarting && !next.trouble);
  if ((fate == Fate::kGone && alive) ||
      (fate == Fate::kStarts && has_caught_up(draft.seen.successor_report))) {
    promote(draft, active, *pod, draft.status.successor->decision > 0 && fate == Fate::kGone);
    return true;
  }
  if (fate == Fate::kGone || !is_wanted(draft)) {
    drop_successor(draft);
    if (draft.phase == Phase::kMoving && fate != Fate::kGone) draft.phase = Phase::kRunning;
    return false;
  }
  if (const Note trouble = trouble_of(draft, next); !trouble.reason.empty()) {
    give_up(draft, trouble);
    return false;
  }
  if (!pod) create_successor(draft);
  if (draft.status.successor->role == Role::kStandby) return false;
  go_on_moving(draft, active, next);
  return true;
}

void look_around(Draft& draft, const api::Pod& pod) {
  const Note leave = reason_to_leave(draft, pod);
  if (!leave.reason.empty() && !came_knowingly(draft, pod, leave))
    begin_successor(draft, Role::kMove, leave.reason, leave.message);
  if (draft.phase != Phase::kRunning) return;
  if (draft.spec().standby)
    begin_successor(draft, Role::kStandby, "Standby", "it follows, to take over when it has to");
  remove_old_pods(draft);
  if (!draft.status.given_up) return;
  if (gave_up_lately(draft))
    draft.degraded = yes(draft.status.given_up->reason, draft.status.given_up->message);
  else
    draft.status.given_up.reset();
}

void take_over(Draft& draft, const api::Pod& pod, const api::JobReport& report) {
  auto& pending = draft.status.pending;
  const bool lost = pending && report.started_at >= pending->since.millis;
  if (!pending || pending->step != "TakeOver" || lost)
    pending = api::Pending{.step = "TakeOver",
                           .decision = ++draft.status.counters.decisions,
                           .since = {draft.seen.now}};
  draft.phase = draft.phase == Phase::kMoving ? Phase::kMoving : Phase::kDeploying;
  draft.soon = true;
  draft.ready = no("TakingOver", "Pod " + pod.metadata.name + " is to take over");
  draft.progressing = yes("TakingOver", draft.ready.message);
  draft.actions.push_back(
      EngineTakeOver{pod.metadata.uid, draft.job().metadata.generation, pending->decision, true});
}

bool moves_to_target(const Draft& draft, const Process& process, std::string_view hash) {
  if (process.state != State::kUp || !processes(draft.seen.report)) return false;
  if (draft.status.nonces.restart != draft.spec().restart_nonce || restores_again(draft))
    return false;
  if (checkpoint_uri(draft.job(), draft.seen.installation).empty()) return false;
  const std::string name = config_map_name(draft.job().metadata.name, hash);
  const std::optional<api::StreamJob> job = version_job(draft, draft.target.hash);
  return job && std::ranges::any_of(draft.seen.config_maps, [&](const api::ConfigMap& one) {
           return one.metadata.name == name &&
                  change_from(one, *job, job->spec.sql, draft.seen.installation) ==
                      Change::kProcess;
         });
}

}  // namespace penstock
