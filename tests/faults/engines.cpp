#include "tests/faults/engines.h"

#include <utility>

#include "runtime/base/overloaded.h"

namespace penstock::faults {
namespace {

constexpr std::size_t kRemembered = 60;  // reports

}  // namespace

Engines::Process& Engines::start(const std::string& key, Process process) {
  ++starts;
  if (!process.restored_from.empty() && !savepoints.contains(process.restored_from)) ++lost_starts;
  return processes_[key] = std::move(process);
}

Engines::Process* Engines::find(const std::string& key) {
  const auto found = processes_.find(key);
  return found == processes_.end() ? nullptr : &found->second;
}

api::JobReport Engines::report_of(const Process& process, Millis now) {
  api::JobReport report{.job = "team/flights", .uid = process.job_uid, .phase = process.phase};
  report.restored_from = process.restored_from;
  report.at = now;
  report.started_at = process.started_at;
  report.wanted = process.wanted;
  report.running = process.running;
  report.generation = process.generation;
  report.decision = process.decision;
  report.checkpoints = {.completed = process.checkpoints,
                        .last_id = process.checkpoints,
                        .last_at = process.checkpoints > 0 ? now : 0,
                        .last_bytes = 100};
  report.rescales.count = process.rescales;
  report.ending = process.ending;
  if (process.phase == "Following")
    report.following =
        api::FollowReport{.record = 1, .checkpoint_id = 1, .caught_up = true, .at = now};
  return report;
}

void Engines::follow_on(Process& follower) {
  Process* active = nullptr;
  for (auto& [key, process] : processes_)
    if (process.job_uid == follower.job_uid && process.phase != "Following" && !process.ending)
      active = &process;
  if (active != nullptr) {
    const bool agreed = follower.takes_over && active->hands_over;
    if (!agreed && !follower.takes_over_now) return;
    active->phase = "Ended";
    active->ending = agreed ? api::EndingReport{api::EndingKind::kStopped, "HandedOver", ""}
                            : api::EndingReport{api::EndingKind::kSuperseded, "Superseded", ""};
  }
  follower.phase = "Running";
}

void Engines::tick(Millis now) {
  for (auto& [key, process] : processes_) {
    if (process.phase == "Stopping") {
      if (!process.savepoint.empty()) savepoints.insert(process.savepoint);
      process.phase = "Ended";
      process.ending = api::EndingReport{api::EndingKind::kStopped, "Stopped", ""};
    } else if (process.phase == "Following") {
      follow_on(process);
    } else if (!process.ending) {
      process.phase = "Running";
      process.running = process.wanted;
      ++process.checkpoints;
    }
    process.said.push_back(report_of(process, now));
    if (process.said.size() > kRemembered) process.said.pop_front();
  }
}

OrderOutcome Engines::take(const std::string& key, const EngineOrder& order) {
  using State = OrderOutcome::State;
  Process* process = find(key);
  if (process == nullptr || process->ending) {
    return {State::kFailed, Error{Code::kUnavailable, "there is no such process"}, {}};
  }
  if (std::pair(order.generation, order.decision) <
      std::pair(process->generation, process->decision)) {
    return {State::kFailed, Error{Code::kConflict, "an older order than the last one"}, {}};
  }
  process->generation = order.generation;
  process->decision = order.decision;
  OrderOutcome done{.state = State::kDone};
  std::visit(Overloaded{[&](const EngineOrder::Rescale& it) {
                          if (it.parallelism == process->wanted) return;
                          process->wanted = it.parallelism;
                          process->phase = "Rescaling";
                          ++process->rescales;
                        },
                        [&](const EngineOrder::Checkpoint&) {
                          done.checkpoint = {++process->checkpoints};
                        },
                        [&](const EngineOrder::Savepoint& it) {
                          savepoints.insert(it.uri);
                          done.checkpoint = {++process->checkpoints};
                        },
                        [&](const EngineOrder::Stop& it) {
                          if (process->phase == "Stopping") return;
                          process->phase = "Stopping";
                          process->savepoint = it.savepoint_uri;
                        },
                        [&](const EngineOrder::Dispose& it) { savepoints.erase(it.uri); },
                        [](const EngineOrder::Configure&) {},
                        [&](const EngineOrder::HandOver&) { process->hands_over = true; },
                        [&](const EngineOrder::TakeOver& it) {
                          process->takes_over = true;
                          process->takes_over_now |= it.now;
                        }},
             order.what);
  return done;
}

void EnginesSeen::on_change(std::function<void(const std::string& job)> listener) {
  listener_ = std::move(listener);
}

void EnginesSeen::follow(const EngineTarget& target, bool) {
  Followed& job = followed_[target.key];
  if (job.target == target) return;
  job = Followed{.target = target};
}

void EnginesSeen::forget(const std::string& key) { followed_.erase(key); }

void EnginesSeen::refresh(Followed& job) {
  const Engines::Process* process = engines_.find(job.target.key);
  const EngineFaults& faults = engines_.faults;
  if (process == nullptr || faults.silent || process->said.size() <= faults.late) {
    const bool over = job.report && job.report->ending;
    if (!over && !job.unknown_since) job.unknown_since = clock_.now();
    return;
  }
  job.unknown_since.reset();
  job.report = process->said[process->said.size() - 1 - faults.late];
  if (faults.other) {
    job.report->uid = "another-job";
    job.report->phase = "Ended";
    job.report->ending = api::EndingReport{api::EndingKind::kFinished, "InputEnded", ""};
  }
  if (!faults.forgets) return;
  job.report->checkpoints = {};
  job.report->generation = job.report->decision = 0;
  job.report->rescales = {};
}

EngineView EnginesSeen::view(const std::string& key) {
  const auto found = followed_.find(key);
  if (found == followed_.end())
    return {.unknown_since = clock_.now(), .unknown_reason = "not followed"};
  refresh(found->second);
  return {.report = found->second.report,
          .unknown_since = found->second.unknown_since,
          .unknown_reason = "no answer"};
}

void EnginesSeen::order(const std::string& key, const EngineOrder& order) {
  using State = OrderOutcome::State;
  const auto found = followed_.find(key);
  if (found == followed_.end() || found->second.outcomes.contains(order.id)) return;
  Followed& job = found->second;
  const EngineFaults& faults = engines_.faults;
  const OrderOutcome lost{State::kFailed, Error{Code::kUnavailable, "no answer"}, {}};
  if (faults.silent || faults.refuses) {
    job.outcomes[order.id] = lost;
  } else if (faults.idle && !std::holds_alternative<EngineOrder::Savepoint>(order.what)) {
    job.outcomes[order.id] = {State::kDone, std::nullopt, {1}};
  } else {
    const OrderOutcome outcome = engines_.take(job.target.key, order);
    job.outcomes[order.id] = faults.mute ? lost : outcome;
  }
  if (listener_) listener_(job.target.job);
}

std::optional<OrderOutcome> EnginesSeen::outcome(const std::string& key, const std::string& id) {
  const auto found = followed_.find(key);
  if (found == followed_.end()) return std::nullopt;
  const auto known = found->second.outcomes.find(id);
  return known == found->second.outcomes.end() ? std::nullopt : std::optional(known->second);
}

void EnginesSeen::look() {
  for (auto& [key, job] : followed_) {
    refresh(job);
    std::string picture = job.unknown_since ? "unknown" : "";
    if (job.report) {
      picture += job.report->phase + " " + std::to_string(job.report->running) + "/" +
                 std::to_string(job.report->wanted) + (job.report->ending ? " ended" : "");
    }
    if (std::exchange(job.told, picture) != picture && listener_) listener_(job.target.job);
  }
}

}  // namespace penstock::faults
