#include <algorithm>

#include "runtime/bench/child_run.h"
#include "runtime/bench/job_benches.h"
#include "runtime/bench/load_job.h"

namespace penstock::bench {
namespace {

constexpr int kCheckpoints = 21;
constexpr std::uint64_t kRowsPerSecond = 100'000;

struct Held {
  std::vector<double> hold_millis, seconds;
  double state_megabytes = 0;
};

Result<Held> measure(std::uint64_t keys, Clock& clock, std::ostream& progress) {
  const TemporaryFolder folder;
  LatencyLog log;
  TRY_ASSIGN(const auto job,
             start_load_job({.load = {.keys = keys, .rows_per_second = kRowsPerSecond},
                             .parallelism = {2},
                             .checkpoints = folder.path() + "/checkpoints"},
                            log, clock));
  Held held;
  for (int i = 0; i < kCheckpoints; ++i) {
    clock.sleep(std::chrono::milliseconds(500), {});
    const Duration began = clock.monotonic();
    TRY(job->checkpoint());
    const JobReport report = job->report();
    held.seconds.push_back(std::chrono::duration<double>(clock.monotonic() - began).count());
    held.hold_millis.push_back(
        std::chrono::duration<double, std::milli>(report.checkpoints.longest_hold).count());
    held.state_megabytes = static_cast<double>(report.state_bytes) / (1 << 20);
    progress << "checkpoint " << i + 1 << " of " << kCheckpoints << ", state "
             << short_number(held.state_megabytes) << " MiB: hold "
             << short_number(held.hold_millis.back()) << " ms" << std::endl;
  }
  return held;
}

std::string note(const Held& held) {
  return "state " + short_number(held.state_megabytes) + " MiB; median of " +
         std::to_string(kCheckpoints) + ", " + short_number(quantile(held.hold_millis, 0)) +
         " to " + short_number(quantile(held.hold_millis, 1)) + " ms; published after " +
         short_number(median(held.seconds)) + " s; 100 k rows/s over all keys, 2 slots";
}

}  // namespace

Result<Measurements> bench_checkpoint(Clock& clock, std::ostream& progress) {
  TRY_ASSIGN(const Held small, measure(20'000, clock, progress));
  TRY_ASSIGN(const Held large, measure(8'000'000, clock, progress));
  const double least = median(small.hold_millis), most = median(large.hold_millis);
  return Measurements{
      {.name = "hold, small state", .value = least, .unit = "ms", .note = note(small)},
      {.name = "hold, large state", .value = most, .unit = "ms", .note = note(large)},
      {.name = "large state", .value = large.state_megabytes, .unit = "MiB", .target = Target{256}},
      {.name = "hold, large against small",
       .value = most / least,
       .unit = "times",
       .target = Target{2, false}}};
}

}  // namespace penstock::bench
