#include "controllers/autoscaler/autoscaler.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace penstock {
namespace {

// Busy slots over utilization is how many slots the load needs; the small difference keeps what is
// a whole number but for rounding from costing one slot more.
std::int32_t round_up(double slots) {
  return static_cast<std::int32_t>(std::clamp(std::ceil(slots - 1e-6), 1.0, 1e6));
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f" : "%.0f", value);
  return text;
}

// The size that the load asks for, and why it is not followed.
struct Wish {
  std::int32_t slots = 0;
  std::string_view reason;
};

double needed(const JobLoad& load, const api::ScalingPolicySpec& policy) {
  return *load.busy_slots / policy.objective.utilization;
}

// HPA: a difference within the tolerance is none.
Wish wish_by_load(const JobLoad& load, const api::ScalingPolicySpec& policy, std::int32_t current) {
  const double needs = needed(load, policy);
  const double ratio = needs / current;
  const std::int32_t slots = round_up(needs);
  if (slots == current) return {current, "OnTarget"};
  if (slots > current && ratio - 1 <= policy.behavior.scale_up.tolerance)
    return {current, "WithinTolerance"};
  if (slots < current && 1 - ratio <= policy.behavior.scale_down.tolerance)
    return {current, "WithinTolerance"};
  return {slots, slots > current ? "Overloaded" : "Underloaded"};
}

// What forbids shrinking; empty when nothing does.
std::string_view against_shrinking(const JobLoad& load, const api::ScalingPolicySpec& policy,
                                   std::int32_t current, std::int32_t slots) {
  if (!load.unknown.empty() || !load.lag_seconds || !load.busiest_slot) return "LoadUnknown";
  const double max_lag = std::chrono::duration<double>(policy.objective.max_lag).count();
  if (*load.lag_seconds > max_lag) return "LagTooHigh";
  if (*load.busiest_slot > policy.objective.utilization) return "BusierThanTarget";
  // One slot less only if it would not at once be within reach of growing back.
  const double room = needed(load, policy) * (1 + policy.behavior.scale_up.tolerance);
  if (slots == current - 1 && room > slots) return "NoRoomBelow";
  return "";
}

std::string describe(const ScalingDecision& decision, const api::ScalingPolicySpec& policy) {
  std::string text = std::to_string(decision.current) + " slots";
  if (decision.slots != decision.current) text += " to " + std::to_string(decision.slots);
  if (decision.load.busy_slots) {
    text += ": the load keeps " + number(*decision.load.busy_slots) +
            " slots busy, at utilization " + number(policy.objective.utilization) + " it needs " +
            std::to_string(decision.raw);
    const ChainLoad* heaviest = nullptr;
    for (const ChainLoad& chain : decision.load.chains)
      if (chain.slots && chain.true_rate && (!heaviest || *chain.slots > *heaviest->slots))
        heaviest = &chain;
    if (heaviest)
      text += "; most of it " + heaviest->name + ", " + number(*heaviest->demand) + " rows/s at " +
              number(*heaviest->true_rate) + " rows per busy second";
  }
  if (decision.load.lag_seconds) text += "; lag " + number(*decision.load.lag_seconds) + " s";
  if (!decision.load.unknown.empty()) text += "; unknown: " + decision.load.unknown.front();
  return text;
}

// The bounds hold whatever the load, known or not.
Wish within_bounds(Wish wish, const api::ScalingPolicySpec& policy, const ScalingLimits& limits) {
  const std::int32_t most = std::min(policy.max_parallelism, limits.most);
  const std::int32_t least = std::min(std::max(policy.min_parallelism, limits.least), most);
  if (wish.slots > most) return {most, "AtMaximum"};
  if (wish.slots < least) return {least, "AtMinimum"};
  return wish;
}

// The wish after windows, rates and bounds, in HPA's order.
Wish stabilize(Wish wish, const ScalingMemory& memory, const api::ScalingPolicySpec& policy,
               const ScalingLimits& limits, Millis now) {
  const std::int32_t current = limits.current;
  const Stabilized held = hold_back(current, wish.slots, memory, policy.behavior, now);
  if (!held.rule.empty()) wish = {held.slots, held.rule};
  const Stabilized limited = limit_rate(current, wish.slots, memory, policy.behavior, now);
  if (!limited.rule.empty()) wish = {limited.slots, limited.rule};
  return within_bounds(wish, policy, limits);
}

// A size that somebody changed, we or others, counts against the rates.
void note_size(ScalingHistory& history, std::int32_t current, Millis now) {
  if (history.last_size == 0)
    history.memory.recommendations.push_back({now, current});
  else if (history.last_size != current)
    history.memory.changes.push_back({now, current - history.last_size});
  history.last_size = current;
}

std::string_view why_not_yet(const ScalingHistory& history, const JobLoad& load,
                             const api::Objective& objective, Millis now) {
  const Millis window =
      std::chrono::duration_cast<std::chrono::milliseconds>(objective.window).count();
  if (history.samples.empty()) return "LoadUnknown";
  if (now - history.samples.back().at > std::max<Millis>(window, 15'000)) return "LoadUnknown";
  if (!history.samples.back().steady) return "NotSteady";
  if (load.seconds * 1000 + 1 < static_cast<double>(window) / 3) return "WindowTooShort";
  if (!load.busy_slots) return "LoadUnknown";
  return "";
}

}  // namespace

ScalingHistory remember(ScalingHistory history, const api::JobReport& report,
                        const api::Objective& objective) {
  if (!history.samples.empty() && history.samples.back().at >= report.at) return history;
  history.samples.push_back(sample_of(report));
  // One sample older than the window stays: what lies between it and the next covers the window.
  const Millis window =
      std::chrono::duration_cast<std::chrono::milliseconds>(objective.window).count();
  std::size_t old = 0;
  while (old + 1 < history.samples.size() && history.samples[old + 1].at <= report.at - window)
    ++old;
  history.samples.erase(history.samples.begin(),
                        history.samples.begin() + static_cast<std::ptrdiff_t>(old));
  return history;
}

ScalingStep decide_scaling(ScalingHistory history, const api::ScalingPolicySpec& policy,
                           const ScalingLimits& limits, Millis now) {
  ScalingDecision decision{
      .at = now, .mode = policy.mode, .current = limits.current, .slots = limits.current};
  note_size(history, limits.current, now);
  decision.load = measure(history.samples, policy.objective);
  Wish wish{limits.current, why_not_yet(history, decision.load, policy.objective, now)};
  if (policy.mode == api::ScalingMode::kOff) {
    wish.reason = "Off";
  } else if (!wish.reason.empty()) {
    wish = within_bounds(wish, policy, limits);
  } else {
    decision.raw = round_up(needed(decision.load, policy));
    wish = wish_by_load(decision.load, policy, limits.current);
    if (wish.slots < limits.current) {
      const std::string_view against =
          against_shrinking(decision.load, policy, limits.current, wish.slots);
      if (!against.empty()) wish = {limits.current, against};
    }
    const std::int32_t recommended = wish.slots;
    wish = stabilize(wish, history.memory, policy, limits, now);
    history.memory.recommendations.push_back({now, recommended});
  }
  decision.slots = wish.slots;
  forget_old(history.memory, policy.behavior, now);
  decision.reason = wish.reason;
  decision.message = describe(decision, policy);
  return {std::move(decision), std::move(history)};
}

}  // namespace penstock
