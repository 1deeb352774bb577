#include <algorithm>

#include "controllers/lifecycle/draft.h"

namespace penstock {
namespace {

std::int32_t wanted_slots(const api::StreamJobSpec& spec) {
  return std::clamp(std::max(spec.parallelism, spec.min_parallelism), 1, spec.key_groups);
}

void resize(Draft& draft, const api::Pod& pod, const PodSize& size) {
  if (!draft.seen.can_resize || requested_size(pod) == size) return;
  draft.actions.push_back(
      ResizePod{pod.metadata.name, pod.metadata.uid, pod.metadata.resource_version, size});
}

bool fits(const PodSize& need, const PodSize& has) {
  return need.cpu <= has.cpu && need.memory <= has.memory;
}

// A node that has no room for longer than that has none soon.
constexpr Millis kDeferredPatience = 60'000;

// The Pod cannot grow where it is, but elsewhere a larger one could start. A node that could never
// hold it (Infeasible) says that there is no use in trying.
void move_to_larger_pod(Draft& draft, const api::Pod& pod) {
  if (!draft.seen.can_resize) {
    begin_successor(draft, api::SuccessorRole::kMove, "ResizeUnsupported",
                    "the job is to have another size, and this Kubernetes cannot resize a Pod");
    return;
  }
  for (const api::PodCondition& condition : pod.status.conditions)
    if (condition.type == "PodResizePending" && condition.status == api::Truth::kTrue &&
        condition.reason == "Deferred" &&
        draft.seen.now - condition.last_transition_time.millis > kDeferredPatience)
      begin_successor(draft, api::SuccessorRole::kMove, "ResizeDeferred",
                      "the job is to have another size, and the node has no room");
}

// The Pod first. True when it is large enough for `slots`.
bool grow_pod(Draft& draft, const api::Pod& pod, std::int32_t slots) {
  const PodSize need = pod_size(draft.spec().resources, slots);
  if (fits(need, granted_size(pod))) return true;
  const PodSize has = requested_size(pod);
  resize(draft, pod, {std::max(need.cpu, has.cpu), std::max(need.memory, has.memory)});
  std::string reason = "ResizingPod";
  std::string message =
      "Pod " + pod.metadata.name + " is to grow for " + std::to_string(slots) + " slots";
  for (const api::PodCondition& condition : pod.status.conditions)
    if (condition.type == "PodResizePending" && condition.status == api::Truth::kTrue) {
      reason = "Resize" + (condition.reason.empty() ? "Pending" : condition.reason);
      message += "; the node says: " + condition.message;
    }
  draft.progressing = yes(reason, message);
  draft.soon = true;
  move_to_larger_pod(draft, pod);
  return false;
}

// CPU that is not needed any more. Memory limits are not lowered in place.
void shrink_pod(Draft& draft, const api::Pod& pod, std::int32_t slots) {
  const PodSize need = pod_size(draft.spec().resources, slots);
  resize(draft, pod, {need.cpu, std::max(need.memory, requested_size(pod).memory)});
  if (!fits(need, granted_size(pod))) move_to_larger_pod(draft, pod);
}

std::string why(const Draft& draft, std::int32_t slots) {
  const auto& scaling = draft.status.scaling;
  if (scaling && scaling->recommended == slots && scaling->current != slots) return scaling->reason;
  return "Requested";
}

// The same order again while it is pending, unless the process that took it is gone.
void order_rescale(Draft& draft, std::int32_t slots) {
  auto& pending = draft.status.pending;
  const bool lost = pending && draft.seen.report->started_at >= pending->since.millis;
  if (!pending || pending->step != "Rescale" || pending->slots != slots || lost)
    pending = api::Pending{.step = "Rescale",
                           .decision = ++draft.status.counters.decisions,
                           .slots = slots,
                           .since = {draft.seen.now}};
  draft.phase = Phase::kRescaling;
  draft.soon = true;
  draft.actions.push_back(EngineRescale{.slots = slots,
                                        .generation = draft.job().metadata.generation,
                                        .decision = pending->decision,
                                        .reason = why(draft, slots)});
}

api::ScalingStatus status_of(const ScalingDecision& decision) {
  constexpr std::size_t kListed = 32;
  api::ScalingStatus status{.at = {decision.at},
                            .mode = decision.mode,
                            .current = decision.current,
                            .recommended = decision.slots,
                            .reason = decision.reason,
                            .message = decision.message.substr(0, 1024),
                            .unknown = decision.load.unknown};
  if (status.unknown.size() > kListed) status.unknown.resize(kListed);
  for (const ChainLoad& chain : decision.load.chains)
    if (status.inputs.size() < kListed)
      status.inputs.push_back({.chain = chain.name.substr(0, 1024),
                               .true_rate = chain.true_rate,
                               .demand = chain.demand,
                               .busy = chain.busy,
                               .slots = chain.slots});
  return status;
}

// The engine has the size that spec asks for: is that the right one?
void autoscale(Draft& draft) {
  if (!draft.seen.policy) {
    draft.status.scaling.reset();
    return;
  }
  const ScalingLimits limits{.current = draft.spec().parallelism,
                             .least = draft.spec().min_parallelism,
                             .most = draft.spec().key_groups};
  ScalingStep step =
      decide_scaling(std::move(draft.scaling), *draft.seen.policy, limits, draft.seen.now);
  draft.scaling = std::move(step.history);
  draft.decision = std::move(step.decision);
  draft.status.scaling = status_of(*draft.decision);
  if (draft.seen.policy->mode != api::ScalingMode::kAuto) return;
  draft.soon = true;
  if (draft.decision->slots == limits.current) return;
  draft.actions.push_back(SetParallelism{draft.decision->slots});
  draft.events.push_back({false, draft.decision->reason, draft.decision->message});
}

}  // namespace

void plan_size(Draft& draft, const api::JobReport& report, const api::Pod& pod) {
  const std::int32_t wanted = wanted_slots(draft.spec());
  const auto asked = static_cast<std::int32_t>(report.wanted);
  const auto running = static_cast<std::int32_t>(report.running);
  draft.status.parallelism.desired = wanted;
  if (asked == wanted && running == wanted) {
    draft.status.pending.reset();
    draft.phase = Phase::kRunning;
    draft.progressing = no("Stable", "runs with the slots that are wanted");
    shrink_pod(draft, pod, wanted);
    autoscale(draft);
    return;
  }
  draft.progressing =
      yes("Rescaling", std::to_string(running) + " to " + std::to_string(wanted) + " slots");
  if (asked == wanted) {  // under way
    draft.phase = Phase::kRescaling;
    draft.soon = true;
  } else if (wanted < running || grow_pod(draft, pod, wanted)) {
    order_rescale(draft, wanted);
  } else if (draft.phase != Phase::kMoving || !draft.status.successor) {
    draft.phase = Phase::kRunning;
  }
}

}  // namespace penstock
