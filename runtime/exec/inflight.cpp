#include "runtime/exec/inflight.h"

#include <algorithm>
#include <chrono>

namespace penstock {
namespace {

constexpr std::int64_t kLeast = 64 * 1024;
constexpr double kSeconds = 0.05;
// Shorter ones say more about the clock and the other threads than about the receiver.
constexpr Duration kMeasure = std::chrono::milliseconds(10);

}  // namespace

std::int64_t next_inflight_limit(std::int64_t limit, std::int64_t most, std::uint64_t bytes,
                                 Duration busy) {
  if (busy <= Duration(0)) return limit;
  const double wanted =
      static_cast<double>(bytes) / std::chrono::duration<double>(busy).count() * kSeconds;
  const std::int64_t least = std::min(kLeast, most);
  const auto target = static_cast<std::int64_t>(
      std::clamp(wanted, static_cast<double>(least), static_cast<double>(most)));
  return target + (limit - target) / 2;
}

void InflightMeter::note(std::uint64_t bytes, Duration busy, InflightBudget& budget) {
  bytes_ += bytes;
  busy_ += busy;
  if (busy_ < kMeasure) return;
  budget.set_limit(next_inflight_limit(budget.limit(), budget.most(), bytes_, busy_));
  bytes_ = 0;
  busy_ = Duration(0);
}

}  // namespace penstock
