#pragma once

#include <algorithm>

#include "runtime/job/job.h"

namespace penstock {

// What follows a failure: another attempt after a delay that doubles, or none. `failures` in a row,
// this one included. Pure.
struct RestartDecision {
  bool again = false;
  Duration delay{0};
};
inline RestartDecision decide_restart(const RestartPolicy& policy, int failures) {
  if (policy.max_attempts > 0 && failures > policy.max_attempts) return {};
  Duration delay = policy.initial_delay;
  for (int i = 1; i < failures && delay < policy.max_delay; ++i) delay *= 2;
  return {true, std::min(delay, policy.max_delay)};
}

}  // namespace penstock
