#include <algorithm>

#include "runtime/bench/job_benches.h"
#include "runtime/bench/load_job.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kKeys = 1'000'000;
constexpr Duration kCalm = std::chrono::seconds(6);
constexpr std::uint64_t kLeastRate = 50'000;

struct Outcome {
  bool sustained = true;
  Lateness lateness;
  std::vector<Rescaled> rescales;
  std::vector<double> pauses;  // milliseconds, as the job reports them
};

// Behind by more than half a second's rows when nothing has happened for a while.
bool keeps_up(Job& job, std::uint64_t rate) { return rows_behind(job) < rate / 2; }

Result<Outcome> measure(std::uint64_t rate, Clock& clock, std::ostream& progress) {
  LatencyLog log;
  TRY_ASSIGN(auto job,
             start_load_job({.load = {.keys = kKeys, .rows_per_second = rate}}, log, clock));
  Outcome outcome;
  clock.sleep(kCalm, {});
  outcome.sustained = keeps_up(*job, rate);
  const std::int64_t from = (clock.monotonic() - std::chrono::seconds(3)).count();
  std::uint32_t slots = 1;
  for (const std::uint32_t wanted : {2u, 4u, 2u}) {
    if (!outcome.sustained) break;
    Rescaled rescale{.from = slots, .to = wanted, .began = clock.monotonic().count()};
    TRY(job->rescale({wanted}, "Bench"));
    rescale.ended = clock.monotonic().count();
    slots = wanted;
    const RescaleReport report = job->report().rescales;
    outcome.pauses.push_back(
        std::chrono::duration<double, std::milli>(report.longest_pause).count());
    progress << rescale.from << " -> " << rescale.to << " slots at "
             << short_number(static_cast<double>(rate)) << " rows/s: pause "
             << short_number(outcome.pauses.back()) << " ms" << std::endl;
    outcome.rescales.push_back(rescale);
    clock.sleep(kCalm, {});
    outcome.sustained = keeps_up(*job, rate);
  }
  static_cast<void>(job->stop(StopMode::kNow, ""));
  static_cast<void>(job->wait());
  job.reset();
  outcome.lateness = lateness(log.arrivals(), outcome.rescales, from);
  return outcome;
}

}  // namespace

Result<Measurements> bench_rescale(std::uint64_t rows_per_second, Clock& clock,
                                   std::ostream& progress) {
  std::uint64_t rate = rows_per_second;
  TRY_ASSIGN(Outcome outcome, measure(rate, clock, progress));
  while (!outcome.sustained && rate / 2 >= kLeastRate) {
    progress << "this machine does not keep up with " << short_number(static_cast<double>(rate))
             << " rows/s" << std::endl;
    rate /= 2;
    TRY_ASSIGN(outcome, measure(rate, clock, progress));
  }
  const double far = quantile(outcome.lateness.far, 0.999);
  Measurements all;
  all.push_back({.name = "rows per second over 1 M keys",
                 .value = static_cast<double>(rate),
                 .unit = "",
                 .target = Target{static_cast<double>(rows_per_second)},
                 .note = outcome.sustained ? "the most that was kept up with, halving"
                                           : "not kept up with either"});
  all.push_back({.name = "p99.9 source to sink, no rescale near",
                 .value = far,
                 .unit = "ms",
                 .note = "p50 " + short_number(median(outcome.lateness.far)) + " ms, " +
                         short_number(static_cast<double>(outcome.lateness.far.size())) +
                         " rows sampled"});
  for (std::size_t i = 0; i < outcome.rescales.size(); ++i) {
    const Lateness::Near& near = outcome.lateness.rescales[i];
    const double late = quantile(near.millis, 0.999);
    all.push_back(
        {.name = std::to_string(outcome.rescales[i].from) + " -> " +
                 std::to_string(outcome.rescales[i].to) +
                 " slots, p99.9 of moved groups above that",
         .value = late - far,
         .unit = "ms",
         .target = Target{50, false},
         .note = "p99.9 " + short_number(late) + " ms, p50 " + short_number(median(near.millis)) +
                 " ms, pause " + short_number(outcome.pauses[i]) + " ms, " +
                 std::to_string(near.moved_groups) + " groups moved, " +
                 short_number(static_cast<double>(near.millis.size())) + " rows sampled"});
  }
  return all;
}

}  // namespace penstock::bench
