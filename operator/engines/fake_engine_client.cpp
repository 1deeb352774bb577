#include "operator/engines/fake_engine_client.h"

#include <algorithm>

#include "runtime/base/overloaded.h"

namespace penstock {

void FakeEngineClient::on_change(std::function<void(const std::string& job)> listener) {
  listener_ = std::move(listener);
}

void FakeEngineClient::follow(const EngineTarget& target, bool) {
  jobs_.with([&](auto& jobs) { jobs[target.key].target = target; });
}

void FakeEngineClient::forget(const std::string& key) {
  jobs_.with([&](auto& jobs) {
    const auto found = jobs.find(key);
    if (found == jobs.end()) return;
    found->second.target.reset();
    found->second.outcomes.clear();
  });
}

EngineView FakeEngineClient::view(const std::string& key) {
  return jobs_.with([&](auto& jobs) {
    EngineView view;
    const auto found = jobs.find(key);
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

void FakeEngineClient::order(const std::string& key, const EngineOrder& order) {
  jobs_.with([&](auto& jobs) {
    Job& job = jobs[key];
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
        [&](const EngineOrder::Savepoint&) {
          outcome.checkpoint = {++report.checkpoints.last_id};
          outcome.state_bytes = report.checkpoints.last_bytes;
        },
        [&](const EngineOrder::Stop&) {
          report.phase = "Ended";
          report.ending = api::EndingReport{api::EndingKind::kStopped, "Stopped", {}};
        },
        [](const EngineOrder::Dispose&) {},
        [](const EngineOrder::Configure&) {},
        [&](const EngineOrder::HandOver&) {
          outcome.checkpoint = {++report.checkpoints.last_id};
          report.phase = "Ended";
          report.ending = api::EndingReport{api::EndingKind::kStopped, "HandedOver", {}};
        },
        [&](const EngineOrder::TakeOver& take_over) {
          report.phase = "Running";
          report.following.reset();
          report.move = api::MoveReport{.at = clock_.now(),
                                        .pause = std::chrono::milliseconds(40),
                                        .reason = take_over.now ? "TakenOver" : "HandedOver"};
        },
    };
    std::visit(obey, order.what);
    report.generation = order.generation;
    report.decision = order.decision;
  });
  notify(key);
}

std::optional<OrderOutcome> FakeEngineClient::outcome(const std::string& key,
                                                      const std::string& id) {
  return jobs_.with([&](auto& jobs) -> std::optional<OrderOutcome> {
    const Job& job = jobs[key];
    const auto found = job.outcomes.find(id);
    if (found == job.outcomes.end()) return std::nullopt;
    return found->second;
  });
}

void FakeEngineClient::report(const std::string& key, api::JobReport report) {
  jobs_.with([&](auto& jobs) {
    Job& job = jobs[key];
    job.report = std::move(report);
    job.reported = clock_.monotonic();
    job.unknown_since.reset();
  });
  notify(key);
}

void FakeEngineClient::lose(const std::string& key, const std::string& reason) {
  jobs_.with([&](auto& jobs) {
    jobs[key].unknown_since = clock_.now();
    jobs[key].reason = reason;
  });
  notify(key);
}

void FakeEngineClient::end_order(const std::string& key, const std::string& id,
                                 OrderOutcome outcome) {
  jobs_.with([&](auto& jobs) { jobs[key].outcomes[id] = outcome; });
  notify(key);
}

std::vector<EngineOrder> FakeEngineClient::orders(const std::string& key) const {
  return jobs_.with([&](const auto& jobs) {
    const auto found = jobs.find(key);
    return found == jobs.end() ? std::vector<EngineOrder>() : found->second.orders;
  });
}

std::optional<EngineTarget> FakeEngineClient::target(const std::string& key) const {
  return jobs_.with([&](const auto& jobs) {
    const auto found = jobs.find(key);
    return found == jobs.end() ? std::optional<EngineTarget>() : found->second.target;
  });
}

std::vector<std::string> FakeEngineClient::followed() const {
  return jobs_.with([](const auto& jobs) {
    std::vector<std::string> keys;
    for (const auto& [key, job] : jobs) {
      if (job.target) keys.push_back(key);
    }
    return keys;
  });
}

void FakeEngineClient::notify(const std::string& key) {
  const auto target = this->target(key);
  if (target && listener_) listener_(target->job);
}

}  // namespace penstock
