#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/clock.h"

namespace penstock {

// What a Lease says of its holder.
struct LeaseRecord {
  std::string holder;  // empty: released
  std::int64_t duration_seconds = 15;
  std::string acquire_time, renew_time;  // RFC 3339 with microseconds
  std::int64_t transitions = 0;
  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

struct LeaseTimes {
  Duration lease = std::chrono::seconds(15);
  Duration renew_deadline = std::chrono::seconds(10);
  Duration retry = std::chrono::seconds(2);  // of a leader
  Duration poll = std::chrono::seconds(1);   // of a candidate: how late it sees a release
};

// What a candidate knows. It trusts no timestamp of others: it measures, by its own clock, for how
// long the record has not changed, so that clocks may differ as they like.
struct LeaseState {
  std::optional<LeaseRecord> seen;  // absent: there was no Lease
  Duration seen_at{0};              // monotonic, when `seen` last changed
};

// What to do with the Lease now.
enum class LeaseAct { kCreate, kTake, kRenew, kWait };

// Takes note of the record as it is now.
LeaseState observe_lease(LeaseState state, const std::optional<LeaseRecord>& record, Duration now);
LeaseAct decide_lease(const LeaseState& state, const std::string& me, Duration now);
// How long a candidate may wait before it looks again: `poll`, or less when the Lease runs out
// before.
Duration next_look(const LeaseState& state, const LeaseTimes& times, Duration now);
// The record to write for kCreate, kTake or kRenew.
LeaseRecord next_lease(const LeaseState& state, const std::string& me, const LeaseTimes& times,
                       const std::string& now_text);

}  // namespace penstock
