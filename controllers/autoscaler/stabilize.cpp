#include "controllers/autoscaler/stabilize.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock {
namespace {

constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();

std::int32_t to_slots(double value) {
  return static_cast<std::int32_t>(std::clamp(value, 0.0, static_cast<double>(kMost)));
}

// The size at the start of the last `seconds`, from the size now and what changed since.
double size_before(std::int32_t current, const ScalingMemory& memory, std::int32_t seconds,
                   Millis now) {
  double size = current;
  for (const SizeChange& change : memory.changes)
    if (change.at > now - Millis{seconds} * 1000) size -= change.change;
  return size;
}

std::int32_t up_limit(std::int32_t current, const ScalingMemory& memory,
                      const api::ScaleUpRules& rules, Millis now) {
  if (rules.select_policy == api::SelectPolicy::kDisabled) return current;
  const bool least = rules.select_policy == api::SelectPolicy::kMin;
  std::int32_t limit = least ? kMost : 0;
  for (const api::RatePolicy& policy : rules.policies) {
    const double before = size_before(current, memory, policy.period_seconds, now);
    const double allowed = policy.type == api::PolicyType::kPods
                               ? before + policy.value
                               : std::ceil(before * (1 + policy.value / 100.0));
    limit = least ? std::min(limit, to_slots(allowed)) : std::max(limit, to_slots(allowed));
  }
  return std::max(limit, current);  // earlier changes may have used up the limit
}

std::int32_t down_limit(std::int32_t current, const ScalingMemory& memory,
                        const api::ScaleDownRules& rules, Millis now) {
  if (rules.select_policy == api::SelectPolicy::kDisabled) return current;
  const bool least = rules.select_policy == api::SelectPolicy::kMin;
  std::int32_t limit = least ? 0 : kMost;
  for (const api::RatePolicy& policy : rules.policies) {
    const double before = size_before(current, memory, policy.period_seconds, now);
    const double allowed = policy.type == api::PolicyType::kPods
                               ? before - policy.value
                               : std::floor(before * (1 - policy.value / 100.0));
    limit = least ? std::max(limit, to_slots(allowed)) : std::min(limit, to_slots(allowed));
  }
  return std::min(limit, current);
}

template <typename Rules>
Millis longest_period(const Rules& rules) {
  Millis longest = 0;
  for (const api::RatePolicy& policy : rules.policies)
    longest = std::max(longest, Millis{policy.period_seconds} * 1000);
  return longest;
}

}  // namespace

Stabilized hold_back(std::int32_t current, std::int32_t wish, const ScalingMemory& memory,
                     const api::ScalingBehavior& behavior, Millis now) {
  const Millis up_since = now - Millis{behavior.scale_up.stabilization_window_seconds} * 1000;
  const Millis down_since = now - Millis{behavior.scale_down.stabilization_window_seconds} * 1000;
  std::int32_t least = wish, most = wish;
  for (const Recommendation& one : memory.recommendations) {
    if (one.at > up_since) least = std::min(least, one.slots);
    if (one.at > down_since) most = std::max(most, one.slots);
  }
  const std::int32_t slots = std::min(std::max(current, least), most);
  return {slots, slots == wish ? "" : "Stabilizing"};
}

Stabilized limit_rate(std::int32_t current, std::int32_t wish, const ScalingMemory& memory,
                      const api::ScalingBehavior& behavior, Millis now) {
  std::int32_t slots = wish;
  if (wish > current) slots = std::min(wish, up_limit(current, memory, behavior.scale_up, now));
  if (wish < current) slots = std::max(wish, down_limit(current, memory, behavior.scale_down, now));
  return {slots, slots == wish ? "" : "RateLimited"};
}

void forget_old(ScalingMemory& memory, const api::ScalingBehavior& behavior, Millis now) {
  const Millis window = 1000 * Millis{std::max(behavior.scale_up.stabilization_window_seconds,
                                               behavior.scale_down.stabilization_window_seconds)};
  const Millis period =
      std::max(longest_period(behavior.scale_up), longest_period(behavior.scale_down));
  std::erase_if(memory.recommendations,
                [&](const Recommendation& one) { return one.at <= now - window; });
  std::erase_if(memory.changes, [&](const SizeChange& one) { return one.at <= now - period; });
}

}  // namespace penstock
