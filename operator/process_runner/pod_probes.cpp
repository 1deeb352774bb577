#include "operator/process_runner/pod_probes.h"

#include <algorithm>

namespace penstock {

void PodProbes::reset() {
  states_ = {};
  readiness_.reset();
  liveness_.reset();
  startup_.reset();
}

void PodProbes::step(const PodView& pod, const std::string& ip, Millis started_at, Clock& clock) {
  if (!has_started(pod, states_))
    return step_one(*pod.startup, states_.startup, startup_, ip, started_at, clock);
  if (pod.readiness) step_one(*pod.readiness, states_.readiness, readiness_, ip, started_at, clock);
  if (pod.liveness) step_one(*pod.liveness, states_.liveness, liveness_, ip, started_at, clock);
}

void PodProbes::step_one(const Probe& probe, ProbeState& state,
                         std::unique_ptr<HttpProbe>& in_flight, const std::string& ip,
                         Millis started_at, Clock& clock) {
  const Millis now = clock.now();
  if (in_flight) {
    const std::optional<bool> answer = in_flight->step(clock.monotonic());
    if (!answer) return;
    in_flight.reset();
    state = after_probe(state, probe, *answer, now);
  } else if (now >= next_probe_at(state, probe, started_at)) {
    state.in_flight = true;
    in_flight = std::make_unique<HttpProbe>(
        ip, probe.port, probe.path,
        clock.monotonic() + std::chrono::seconds(probe.timeout_seconds));
  }
}

std::optional<Millis> PodProbes::poll_for(std::vector<pollfd>& fds, Clock& clock) const {
  std::optional<Millis> wait;
  for (const HttpProbe* probe : {readiness_.get(), liveness_.get(), startup_.get()}) {
    if (probe == nullptr) continue;
    const Duration left = probe->deadline() - clock.monotonic();
    Millis most = std::max<Millis>(
        0, std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1);
    if (probe->fd() < 0) most = 0;
    fds.push_back({.fd = probe->fd(), .events = probe->events(), .revents = 0});
    wait = std::min(wait.value_or(most), most);
  }
  return wait;
}

}  // namespace penstock
