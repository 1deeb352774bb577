#pragma once

#include <memory>

#include "runtime/bench/keyed_load.h"
#include "runtime/bench/latency.h"
#include "runtime/job/job.h"

namespace penstock::bench {

inline constexpr std::uint32_t kKeyGroups = 720;

// A job over a KeyedLoad: latest due time and number of rows by key, an update per key and batch,
// into `log`. Returned when every key is in its state. `log` and `clock` outlive it.
struct LoadJob {
  KeyedLoad load;
  Parallelism parallelism{1};
  std::optional<std::string> checkpoints{};
  bool follow = false;
  std::int64_t state_memory = std::int64_t{4} << 30;
};
// The job, not begun.
Result<std::unique_ptr<Job>> make_load_job(const LoadJob& settings, LatencyLog& log, Clock& clock);
Result<std::unique_ptr<Job>> start_load_job(const LoadJob& settings, LatencyLog& log, Clock& clock);

// Rows that are due and have not been read.
std::uint64_t rows_behind(Job& job);

}  // namespace penstock::bench
