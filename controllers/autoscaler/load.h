#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/job_report.h"
#include "controllers/api/scaling_policy.h"

namespace penstock {

// What the autoscaler keeps of one report.
struct SubtaskSample {
  std::uint64_t rows_in = 0, rows_out = 0, busy_nanos = 0, blocked_nanos = 0;
  friend bool operator==(const SubtaskSample&, const SubtaskSample&) = default;
};
struct ChainSample {
  std::string name;
  std::vector<std::size_t> inputs;
  bool source = false;
  std::optional<std::uint64_t> behind;
  std::vector<SubtaskSample> subtasks;
  friend bool operator==(const ChainSample&, const ChainSample&) = default;
};
struct LoadSample {
  Millis at = 0;
  // Counters of two samples can be compared only when all of these are equal.
  Millis started_at = 0;
  std::uint64_t restarts = 0, table_version = 0;
  std::uint32_t running = 0;
  bool steady = false;  // the engine was running, at the size it was asked for
  std::vector<ChainSample> chains;
  friend bool operator==(const LoadSample&, const LoadSample&) = default;
};
LoadSample sample_of(const api::JobReport& report);

// One chain over a window. Absent is unknown.
struct ChainLoad {
  std::string name;
  bool source = false;
  std::uint32_t parallelism = 0;
  std::optional<double> rows_in, rows_out;  // per second, all subtasks
  std::optional<double> busy;               // share of the busiest subtask
  std::optional<double> blocked;            // share, mean of the subtasks
  std::optional<double> behind;             // source: rows, newest
  std::optional<double> arrival;            // source: rows per second that come, read or not
  std::optional<double> true_rate;          // rows per busy second of the busiest subtask
  std::optional<double> demand;             // rows per second to be worked off
  std::optional<double> slots;              // demand / true rate
  friend bool operator==(const ChainLoad&, const ChainLoad&) = default;
};

struct JobLoad {
  std::vector<ChainLoad> chains;
  double seconds = 0;                  // covered by the newest samples that can be compared
  std::optional<double> busy_slots;    // sum of the chains' slots
  std::optional<double> busiest_slot;  // busy share
  std::optional<double> lag_seconds;   // backlog over arrival, the worst source
  std::vector<std::string> unknown;    // "chain: what", for the record
  friend bool operator==(const JobLoad&, const JobLoad&) = default;
};

// The newest samples of `samples` (oldest first) as load. Rates of arrival come from the newest
// third of objective.window, what a row costs from the whole of it.
JobLoad measure(const std::vector<LoadSample>& samples, const api::Objective& objective);

}  // namespace penstock
