#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controllers/api/job_report.h"
#include "controllers/api/stream_job.h"

namespace penstock {

// What is known of a version on trial.
struct Soak {
  api::TrialStatus trial;
  api::Upgrade upgrade;
  api::Checkpoints checkpoints;
  bool has_storage = true;
  std::optional<api::JobReport> report;     // of its process; absent: it does not answer
  std::optional<api::EndingReport> ending;  // of its process, when it has ended
  std::string trouble;                      // why its Pod does not start, when it does not
  std::int64_t restarts = 0;        // of the job since the trial began, inside its process or not
  Millis last_restart = 0;          // outside its process; 0: none
  std::optional<double> rate, lag;  // of the sources now
  Millis now = 0;
};

// Whether the version is good. kBad carries why.
struct SoakVerdict {
  enum class State { kOnTrial, kGood, kBad } state = State::kOnTrial;
  std::string reason, message;
  friend bool operator==(const SoakVerdict&, const SoakVerdict&) = default;
};
// Bad: it cannot start, fails, restarts three times, completes no checkpoint, or reads less than
// half of what was read before it while its backlog grows. Good: none of this, for stableAfter
// since it last started, with a checkpoint.
SoakVerdict judge_soak(const Soak& soak);

}  // namespace penstock
