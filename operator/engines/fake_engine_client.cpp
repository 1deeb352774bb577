#include "operator/engines/fake_engine_client.h"

#include <algorithm>

#include "runtime/base/overloaded.h"

namespace penstock {

void FakeEngineClient::on_change(std::function<void(const std::string& job)> listener) {
  listener_ = std::move(listener);
}

void FakeEngineClient::follow(const EngineTarget& target, bool) {
  jobs_.with([&](auto& jobs) { jobs[target.uid].target = target; });
}

void FakeEngineClient::forget(const std::string& uid) {
  jobs_.with([&](auto& jobs) {
    const auto found = jobs.find(uid);
    if (found == jobs.end()) return;
    found->second.target.reset();
    found->second.outcomes.clear();
  });
}

EngineView FakeEngineClient::view(const std::string& uid) {
  return jobs_.with([&](auto& jobs) {
    EngineView view;
    const auto found = jobs.find(uid);
    if (found == jobs.end() || !found->second.target) {
      view.unknown_since = clock_.now();
      view.unknown_reason = "not followed";
      return view;
    }
    const Job& job = found->second;
    view.report = job.report;
    if (job.report) view.report_age = clock_.monotonic() - job.reported;
    view.unknown_since = job.unknown_since;
    if (!job.report && !view.unknown_since) view.unknown_since = clock_.now();
    if (view.unknown_since) view.unknown_reason = job.reason;
    return view;
  });
}

void FakeEngineClient::order(const std::string& uid, const EngineOrder& order) {
  jobs_.with([&](auto& jobs) {
    Job& job = jobs[uid];
    if (job.outcomes.contains(order.id)) return;
    job.orders.push_back(order);
    OrderOutcome& outcome = job.outcomes[order.id];
    if (!obedient_) return;
    outcome.state = OrderOutcome::State::kDone;
    if (!job.report) job.report.emplace();
    api::JobReport& report = *job.report;
    const auto obey = Overloaded{
        [&](const EngineOrder::Rescale& rescale) {
          report.rescales = {.count = report.rescales.count + 1,
                             .at = clock_.now(),
                             .from = report.running,
                             .to = rescale.parallelism,
                             .longest_pause = std::chrono::milliseconds(3),
                             .reason = rescale.reason};
          report.wanted = report.running = rescale.parallelism;
        },
        [&](const EngineOrder::Checkpoint&) {
          outcome.checkpoint = {++report.checkpoints.last_id};
          ++report.checkpoints.completed;
        },
        [&](const EngineOrder::Savepoint&) { outcome.checkpoint = {++report.checkpoints.last_id}; },
        [&](const EngineOrder::Stop&) {
          report.phase = "Ended";
          report.ending = api::EndingReport{api::EndingKind::kStopped, "Stopped", {}};
        },
        [](const EngineOrder::Configure&) {},
    };
    std::visit(obey, order.what);
    report.generation = order.generation;
    report.decision = order.decision;
  });
  notify(uid);
}

std::optional<OrderOutcome> FakeEngineClient::outcome(const std::string& uid,
                                                      const std::string& id) {
  return jobs_.with([&](auto& jobs) -> std::optional<OrderOutcome> {
    const Job& job = jobs[uid];
    const auto found = job.outcomes.find(id);
    if (found == job.outcomes.end()) return std::nullopt;
    return found->second;
  });
}

void FakeEngineClient::report(const std::string& uid, api::JobReport report) {
  jobs_.with([&](auto& jobs) {
    Job& job = jobs[uid];
    job.report = std::move(report);
    job.reported = clock_.monotonic();
    job.unknown_since.reset();
  });
  notify(uid);
}

void FakeEngineClient::lose(const std::string& uid, const std::string& reason) {
  jobs_.with([&](auto& jobs) {
    jobs[uid].unknown_since = clock_.now();
    jobs[uid].reason = reason;
  });
  notify(uid);
}

void FakeEngineClient::end_order(const std::string& uid, const std::string& id,
                                 OrderOutcome outcome) {
  jobs_.with([&](auto& jobs) { jobs[uid].outcomes[id] = outcome; });
  notify(uid);
}

std::vector<EngineOrder> FakeEngineClient::orders(const std::string& uid) const {
  return jobs_.with([&](const auto& jobs) {
    const auto found = jobs.find(uid);
    return found == jobs.end() ? std::vector<EngineOrder>() : found->second.orders;
  });
}

std::optional<EngineTarget> FakeEngineClient::target(const std::string& uid) const {
  return jobs_.with([&](const auto& jobs) {
    const auto found = jobs.find(uid);
    return found == jobs.end() ? std::optional<EngineTarget>() : found->second.target;
  });
}

std::vector<std::string> FakeEngineClient::followed() const {
  return jobs_.with([](const auto& jobs) {
    std::vector<std::string> uids;
    for (const auto& [uid, job] : jobs) {
      if (job.target) uids.push_back(uid);
    }
    return uids;
  });
}

void FakeEngineClient::notify(const std::string& uid) {
  const auto target = this->target(uid);
  if (target && listener_) listener_(target->job);
}

}  // namespace penstock
