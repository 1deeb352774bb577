#pragma once

#include <poll.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/process_runner/http_probe.h"
#include "operator/process_runner/pod_plan.h"
#include "runtime/base/clock.h"

namespace penstock {

// The probes of one container's current attempt: begins those that are due, one of each kind at a
// time, and folds what they tell. Never blocks. One thread.
class PodProbes {
 public:
  const ProbeStates& states() const { return states_; }
  // To be called when there may be news on poll_for()'s descriptors, or when a probe is due.
  void step(const PodView& pod, const std::string& ip, Millis started_at, Clock& clock);
  // A new attempt is probed from the beginning.
  void reset();
  // Adds what to wait for to `fds`; returns how long at most, nothing when no probe is in flight.
  std::optional<Millis> poll_for(std::vector<pollfd>& fds, Clock& clock) const;

 private:
  void step_one(const Probe& probe, ProbeState& state, std::unique_ptr<HttpProbe>& in_flight,
                const std::string& ip, Millis started_at, Clock& clock);

  ProbeStates states_;
  std::unique_ptr<HttpProbe> readiness_, liveness_, startup_;
};

}  // namespace penstock
