#include "controllers/lifecycle/soak.h"

#include <algorithm>

namespace penstock {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using State = SoakVerdict::State;

constexpr Millis kStartPatience = 120'000;  // Unschedulable, ErrImagePull and the like may pass
constexpr std::int64_t kRestarts = 3;
constexpr Millis kCheckpointPatience = 60'000;
constexpr double kBacklogSeconds = 30;  // of input: less is what a restart leaves

Millis millis(Duration duration) { return duration_cast<milliseconds>(duration).count(); }

SoakVerdict bad(std::string reason, std::string message) {
  return {State::kBad, std::move(reason), std::move(message)};
}

// Since when the process has been running without a failure.
Millis steady_since(const Soak& soak) {
  Millis since = std::max({soak.trial.since.millis, soak.report->started_at, soak.last_restart});
  for (const api::FailureReport& failure : soak.report->failures)
    since = std::max(since, failure.at);
  return since;
}

std::string last_failure(const api::JobReport& report) {
  return report.failures.empty() ? "" : ": " + report.failures.back().message;
}

std::optional<SoakVerdict> judge_start(const Soak& soak) {
  if (soak.ending && soak.ending->kind == api::EndingKind::kFailed)
    return bad(soak.ending->reason.empty() ? "Failed" : soak.ending->reason, soak.ending->message);
  if (!soak.trouble.empty() && soak.now - soak.trial.since.millis > kStartPatience)
    return bad("CannotStart", soak.trouble);
  if (soak.restarts >= kRestarts)
    return bad("RestartsTooOften", "it restarted " + std::to_string(soak.restarts) + " times" +
                                       (soak.report ? last_failure(*soak.report) : std::string()));
  return std::nullopt;
}

std::optional<SoakVerdict> judge_checkpoints(const Soak& soak, Millis steady) {
  if (!soak.has_storage) return std::nullopt;
  const api::CheckpointReport& report = soak.report->checkpoints;
  const auto failed = static_cast<std::int64_t>(report.failed);
  if (report.completed == 0 && failed > soak.checkpoints.tolerable_failures)
    return bad(
        "CheckpointsFail",
        std::to_string(failed) + " checkpoints failed and none is complete: " + report.last_error);
  const Millis progress = std::max(report.last_at, steady);
  const Millis patience =
      std::max(millis(soak.checkpoints.interval) * 3 + report.last_duration + kCheckpointPatience,
               millis(soak.upgrade.stable_after));
  if (soak.now - progress > patience)
    return bad("NoCheckpoint", "no checkpoint is complete for " +
                                   std::to_string((soak.now - progress) / 1000) + " s" +
                                   (report.last_error.empty() ? "" : ": " + report.last_error));
  return std::nullopt;
}

std::optional<SoakVerdict> judge_lag(const Soak& soak) {
  const bool known = soak.trial.rate && soak.trial.lag && soak.rate && soak.lag;
  if (!known || *soak.trial.rate <= 0) return std::nullopt;
  const bool slow = *soak.rate < *soak.trial.rate / 2;
  const bool behind = *soak.lag > *soak.trial.lag + *soak.trial.rate * kBacklogSeconds;
  if (!slow || !behind) return std::nullopt;
  return bad("FallsBehind", "it reads " + std::to_string(static_cast<std::int64_t>(*soak.rate)) +
                                " rows per second, before it were " +
                                std::to_string(static_cast<std::int64_t>(*soak.trial.rate)) +
                                ", and " + std::to_string(static_cast<std::int64_t>(*soak.lag)) +
                                " rows wait");
}

}  // namespace

SoakVerdict judge_soak(const Soak& soak) {
  if (auto verdict = judge_start(soak)) return *verdict;
  if (!soak.report || soak.report->phase != "Running") return {};
  const Millis steady = steady_since(soak);
  if (auto verdict = judge_checkpoints(soak, steady)) return *verdict;
  const bool long_enough = soak.now - steady >= millis(soak.upgrade.stable_after);
  if (!long_enough) return {};
  if (auto verdict = judge_lag(soak)) return *verdict;
  const bool safe =
      !soak.has_storage || soak.report->checkpoints.last_at >= soak.trial.since.millis;
  return {safe ? State::kGood : State::kOnTrial, "", ""};
}

}  // namespace penstock
