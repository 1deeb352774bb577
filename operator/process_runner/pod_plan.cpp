#include "operator/process_runner/pod_plan.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "runtime/base/units.h"

namespace penstock {
namespace {

using Json = nlohmann::json;
using Action = PodPlan::Action;
using State = ContainerFacts::State;

constexpr Millis kStartRetryMillis =
    5000;  // after a start that failed: a ConfigMap that is not there yet, ...

Millis millis_of(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// Kubernetes writes times of objects in whole seconds.
std::string stamp(Millis time) { return to_rfc3339(time).substr(0, 19) + "Z"; }

// "ErrImagePull: message" -> its two halves.
std::pair<std::string, std::string> split_reason(const std::string& text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string::npos) return {"CreateContainerError", text};
  return {text.substr(0, colon), text.substr(colon + 2)};
}

Json terminated(const ContainerExit& exit, const std::string& message, const std::string& id) {
  Json out = {{"exitCode", exit.code},
              {"reason", exit.code == 0 ? "Completed" : "Error"},
              {"startedAt", stamp(exit.started_at)},
              {"finishedAt", stamp(exit.finished_at)},
              {"containerID", id}};
  if (exit.signal != 0) out["signal"] = exit.signal;
  if (!message.empty()) out["message"] = message;
  return out;
}

std::string container_id(const PodView& pod, std::size_t attempt) {
  return "penstock://" + pod.uid + "/" + std::to_string(attempt);
}

bool restarts(const PodView& pod, const ContainerExit& exit) {
  return pod.restart_policy == "Always" || (pod.restart_policy == "OnFailure" && exit.code != 0);
}

struct Decision {
  Action action = Action::kNothing;
  std::string reason;
  std::string phase;
  std::string waiting;  // CamelCase reason when the container waits
  std::string waiting_message;
  std::optional<Millis> wake_at;
};

// SIGTERM, and SIGKILL when the grace is over, at the latest at `end`.
Decision decide_kill(const PodFacts& facts, std::int64_t grace_seconds, std::optional<Millis> end,
                     std::string reason, Millis now) {
  Decision decision{.phase = "Running"};
  const Millis grace_ends = facts.term_sent_at.value_or(now) + grace_seconds * 1000;
  const Millis last = std::min(end.value_or(grace_ends), grace_ends);
  if ((end && now >= *end) || (facts.term_sent_at && now >= grace_ends)) {
    decision.action = Action::kKill;
    decision.reason = "did not end within its grace period";
    decision.wake_at = now + 200;
  } else if (!facts.term_sent_at) {
    decision.action = Action::kTerminate;
    decision.reason = std::move(reason);
    decision.wake_at = last;
  } else {
    decision.wake_at = end ? *end : last;
  }
  return decision;
}

Decision decide_deleted(const PodView& pod, const PodFacts& facts, Millis now) {
  const bool running = !facts.attempts.empty() && facts.attempts.back().state == State::kRunning;
  if (running)
    return decide_kill(facts, pod.deletion_grace_seconds, pod.deleted_at,
                       "the Pod is being deleted", now);
  return {.action = Action::kForget,
          .reason = "the container has ended",
          .phase = pod.phase.empty() ? "Pending" : pod.phase};
}

Decision decide_ended(const PodView& pod, const PodFacts& facts, Millis now) {
  const ContainerExit& exit = facts.attempts.back().exit;
  const bool killed = pod.restart_policy != "Never" && killing_probe(pod, facts.probes) != nullptr;
  if (!restarts(pod, exit) && !killed) return {.phase = exit.code == 0 ? "Succeeded" : "Failed"};
  const Millis start_at = exit.finished_at + millis_of(restart_delay(facts.attempts));
  if (now >= start_at)
    return {.action = Action::kStart,
            .reason = "ended with code " + std::to_string(exit.code),
            .phase = "Running"};
  return {.phase = "Running",
          .waiting = "CrashLoopBackOff",
          .waiting_message = "back-off " + format_duration(restart_delay(facts.attempts)) +
                             " restarting failed container=" + pod.container + " pod=" + pod.name +
                             "_" + pod.name_space + "(" + pod.uid + ")",
          .wake_at = start_at};
}

Decision decide_running(const PodView& pod, const PodFacts& facts, Millis now) {
  if (const Probe* probe = killing_probe(pod, facts.probes)) {
    const bool live = has_started(pod, facts.probes);
    return decide_kill(facts, probe->grace_seconds.value_or(pod.grace_seconds), std::nullopt,
                       live ? "its liveness probe failed" : "its startup probe failed", now);
  }
  Decision decision{.phase = "Running"};
  const Millis started_at = facts.attempts.back().started_at;
  const auto look_at = [&](const std::optional<Probe>& probe, const ProbeState& state) {
    if (!probe || state.in_flight) return;
    const Millis next = next_probe_at(state, *probe, started_at);
    decision.wake_at = std::min(decision.wake_at.value_or(next), next);
  };
  if (!has_started(pod, facts.probes)) {
    look_at(pod.startup, facts.probes.startup);
  } else {
    look_at(pod.readiness, facts.probes.readiness);
    look_at(pod.liveness, facts.probes.liveness);
  }
  return decision;
}

Decision decide(const PodView& pod, const PodFacts& facts, bool image_is_known, Millis now) {
  if (pod.deleted_at) return decide_deleted(pod, facts, now);
  if (pod.phase == "Succeeded" || pod.phase == "Failed") return {.phase = pod.phase};
  if (!facts.start_error.empty()) {
    const auto [reason, message] = split_reason(facts.start_error);
    const Millis again_at = facts.start_failed_at + kStartRetryMillis;
    return {.action = now >= again_at ? Action::kStart : Action::kNothing,
            .reason = "trying again",
            .phase = "Pending",
            .waiting = reason,
            .waiting_message = message,
            .wake_at = std::max(again_at, now)};
  }
  if (facts.attempts.empty() && !facts.fit.reason.empty()) return {.phase = "Pending"};
  if (facts.attempts.empty() && !image_is_known)
    return {.phase = "Pending",
            .waiting = "ErrImagePull",
            .waiting_message =
                "this machine has only the engine's own image; cannot pull " + pod.image};
  if (facts.attempts.empty())
    return {.action = Action::kStart,
            .reason = "first start",
            .phase = "Pending",
            .waiting = "ContainerCreating"};
  if (facts.attempts.back().state == State::kExited) return decide_ended(pod, facts, now);
  return decide_running(pod, facts, now);
}

Json container_status(const PodView& pod, const PodFacts& facts, const Decision& decision,
                      bool ready) {
  Json status = {
      {"name", pod.container},
      {"image", pod.image},
      {"imageID", ""},
      {"ready", ready},
      {"restartCount", facts.attempts.empty() ? 0 : static_cast<int>(facts.attempts.size()) - 1},
      {"state", Json::object()},
      {"lastState", Json::object()},
      {"started", false}};
  const std::size_t count = facts.attempts.size();
  if (count != 0) {
    const ContainerFacts& current = facts.attempts.back();
    status["containerID"] = container_id(pod, count - 1);
    if (current.state == State::kRunning) {
      status["state"] = {{"running", {{"startedAt", stamp(current.started_at)}}}};
      status["started"] = has_started(pod, facts.probes);
    } else {
      status["state"] = {{"terminated", terminated(current.exit, facts.termination_message,
                                                   container_id(pod, count - 1))}};
    }
    if (count > 1)
      status["lastState"] = {{"terminated", terminated(facts.attempts[count - 2].exit, "",
                                                       container_id(pod, count - 2))}};
  }
  if (!decision.waiting.empty()) {
    if (status["state"].contains("terminated")) status["lastState"] = status["state"];
    status["state"] = {
        {"waiting", {{"reason", decision.waiting}, {"message", decision.waiting_message}}}};
  }
  const Json resources =
      Json::parse(facts.fit.reason.empty() ? pod.resources_json : pod.accepted_json);
  if (!resources.empty() && status["state"].contains("running")) {
    status["resources"] = resources;
    status["allocatedResources"] = resources.value("requests", Json::object());
  }
  return status;
}

Json condition(const char* type, bool holds, const char* reason) {
  Json out = {{"type", type}, {"status", holds ? "True" : "False"}, {"lastProbeTime", nullptr}};
  if (!holds) out["reason"] = reason;
  return out;
}

}  // namespace

Duration restart_delay(const std::vector<ContainerFacts>& attempts) {
  constexpr Duration kLongRun = std::chrono::minutes(10);
  int crashes = 0;
  for (auto attempt = attempts.rbegin(); attempt != attempts.rend(); ++attempt, ++crashes)
    if (std::chrono::milliseconds(attempt->exit.finished_at - attempt->exit.started_at) >= kLongRun)
      break;
  if (crashes <= 1) return Duration(0);
  return std::min<Duration>(std::chrono::seconds(10) * (1LL << std::min(crashes - 2, 8)),
                            std::chrono::minutes(5));
}

Fit fit_node(const Amount& node, const Amount& granted, const Amount& wanted) {
  std::string reason;
  if (granted.millicpu + wanted.millicpu > node.millicpu) reason = "Insufficient cpu";
  if (granted.bytes + wanted.bytes > node.bytes)
    reason += reason.empty() ? "Insufficient memory" : ", 1 Insufficient memory";
  return {.ever = wanted.millicpu <= node.millicpu && wanted.bytes <= node.bytes,
          .reason = std::move(reason)};
}

ProbeState after_probe(ProbeState state, const Probe& probe, bool success, Millis now) {
  state.last_at = now;
  state.in_flight = false;
  state.successes = success ? state.successes + 1 : 0;
  state.failures = success ? 0 : state.failures + 1;
  if (state.successes >= probe.success_threshold) state.ready = true;
  if (state.failures >= probe.failure_threshold) state.ready = false;
  return state;
}

Millis next_probe_at(const ProbeState& state, const Probe& probe, Millis started_at) {
  if (state.last_at == 0) return started_at + probe.initial_delay_seconds * 1000;
  return state.last_at + probe.period_seconds * 1000;
}

bool has_started(const PodView& pod, const ProbeStates& states) {
  return !pod.startup || states.startup.ready;
}

const Probe* killing_probe(const PodView& pod, const ProbeStates& states) {
  const bool startup = !has_started(pod, states);
  const std::optional<Probe>& probe = startup ? pod.startup : pod.liveness;
  const int failures = startup ? states.startup.failures : states.liveness.failures;
  return probe && failures >= probe->failure_threshold ? &*probe : nullptr;
}

PodPlan plan_pod(const PodView& pod, const PodFacts& facts, bool image_is_known, Millis now) {
  const Decision decision = decide(pod, facts, image_is_known, now);
  const bool running = !facts.attempts.empty() && facts.attempts.back().state == State::kRunning;
  const bool ready =
      running && has_started(pod, facts.probes) && (!pod.readiness || facts.probes.readiness.ready);
  const bool ended = decision.phase == "Succeeded" || decision.phase == "Failed";
  const bool waits_for_room = facts.attempts.empty() && !facts.fit.reason.empty();
  const char* why = ended ? "PodCompleted" : "ContainersNotReady";
  Json status = {
      {"phase", decision.phase},
      {"hostIP", "127.0.0.1"},
      {"qosClass", "Guaranteed"},
      {"conditions",
       Json::array({condition("PodReadyToStartContainers", running, why),
                    condition("Initialized", true, ""), condition("Ready", ready, why),
                    condition("ContainersReady", ready, why),
                    condition("PodScheduled", !waits_for_room, "Unschedulable")})},
      {"containerStatuses", Json::array({container_status(pod, facts, decision, ready)})}};
  if (waits_for_room) {
    status["conditions"].back()["message"] = "0/1 nodes are available: 1 " + facts.fit.reason + ".";
    status.erase("containerStatuses");
  } else if (running && !facts.fit.reason.empty()) {
    // A resize in place that has no room: the container keeps what it has.
    Json pending = condition("PodResizePending", true, "");
    pending["reason"] = facts.fit.ever ? "Deferred" : "Infeasible";
    pending["message"] = "Node didn't have enough capacity: " + facts.fit.reason;
    status["conditions"].push_back(std::move(pending));
  }
  if (!facts.pod_ip.empty()) {
    status["podIP"] = facts.pod_ip;
    status["podIPs"] = Json::array({{{"ip", facts.pod_ip}}});
  }
  if (!facts.attempts.empty()) status["startTime"] = stamp(facts.attempts.front().started_at);
  return {.action = decision.action,
          .reason = decision.reason,
          .status_json = status.dump(),
          .wake_at = decision.wake_at};
}

std::string free_pod_ip(std::string_view data, const std::set<std::string>& taken) {
  constexpr std::size_t kBlocks = 64 * 256;
  constexpr std::size_t kAddresses = 250;
  const std::size_t first = std::hash<std::string_view>{}(data) % kBlocks;
  for (std::size_t i = 0;; ++i) {
    const std::size_t block = (first + i / kAddresses) % kBlocks;
    const std::string ip = "127." + std::to_string(64 + block / 256) + "." +
                           std::to_string(block % 256) + "." + std::to_string(i % kAddresses + 1);
    if (!taken.contains(ip)) return ip;
  }
}

}  // namespace penstock
