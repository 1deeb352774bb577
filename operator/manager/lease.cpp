#include "operator/manager/lease.h"

#include <algorithm>

namespace penstock {

LeaseState observe_lease(LeaseState state, const std::optional<LeaseRecord>& record, Duration now) {
  if (record != state.seen) {
    state.seen = record;
    state.seen_at = now;
  }
  return state;
}

LeaseAct decide_lease(const LeaseState& state, const std::string& me, Duration now) {
  if (!state.seen) return LeaseAct::kCreate;
  if (state.seen->holder == me) return LeaseAct::kRenew;
  if (state.seen->holder.empty()) return LeaseAct::kTake;
  const Duration held = std::chrono::seconds(state.seen->duration_seconds);
  return now - state.seen_at >= held ? LeaseAct::kTake : LeaseAct::kWait;
}

Duration next_look(const LeaseState& state, const LeaseTimes& times, Duration now) {
  if (!state.seen || state.seen->holder.empty()) return times.poll;
  const Duration left = state.seen_at + std::chrono::seconds(state.seen->duration_seconds) - now;
  return left > Duration(0) ? std::min(times.poll, left) : times.poll;
}

LeaseRecord next_lease(const LeaseState& state, const std::string& me, const LeaseTimes& times,
                       const std::string& now_text) {
  LeaseRecord next{.holder = me,
                   .duration_seconds = times.lease / std::chrono::seconds(1),
                   .acquire_time = now_text,
                   .renew_time = now_text};
  if (!state.seen) return next;
  next.transitions = state.seen->transitions;
  if (state.seen->holder == me) {
    next.acquire_time = state.seen->acquire_time;
  } else {
    ++next.transitions;
  }
  return next;
}

}  // namespace penstock
