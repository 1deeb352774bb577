#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "controllers/api/scaling_policy.h"
#include "runtime/base/ids.h"

namespace penstock {

// What HorizontalPodAutoscaler v2 keeps between two decisions.
struct Recommendation {
  Millis at = 0;
  std::int32_t slots = 0;
  friend bool operator==(const Recommendation&, const Recommendation&) = default;
};
struct SizeChange {
  Millis at = 0;
  std::int32_t change = 0;  // slots; negative when it shrank
  friend bool operator==(const SizeChange&, const SizeChange&) = default;
};
struct ScalingMemory {
  std::vector<Recommendation> recommendations;
  std::vector<SizeChange> changes;
  friend bool operator==(const ScalingMemory&, const ScalingMemory&) = default;
};

struct Stabilized {
  std::int32_t slots = 0;
  std::string_view rule;  // what changed the wish: empty, "Stabilizing", "RateLimited"
};

// The stabilisation windows: the least of what was recommended within scaleUp's window bounds
// growing, the most within scaleDown's window bounds shrinking. `wish` counts too.
Stabilized hold_back(std::int32_t current, std::int32_t wish, const ScalingMemory& memory,
                     const api::ScalingBehavior& behavior, Millis now);

// The rate policies: how far the size may go now.
Stabilized limit_rate(std::int32_t current, std::int32_t wish, const ScalingMemory& memory,
                      const api::ScalingBehavior& behavior, Millis now);

// Without what no window and no period of `behavior` reaches any more.
void forget_old(ScalingMemory& memory, const api::ScalingBehavior& behavior, Millis now);

}  // namespace penstock
