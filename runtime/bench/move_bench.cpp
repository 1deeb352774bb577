#include <future>

#include "runtime/bench/child_run.h"
#include "runtime/bench/job_benches.h"
#include "runtime/bench/load_job.h"

namespace penstock::bench {
namespace {

constexpr std::uint64_t kKeys = 26'000'000;  // about 1 GiB
constexpr double kChanging = 0.05;           // of the key groups, each second
constexpr std::uint64_t kRowsPerSecond = 200'000;
constexpr int kMoves = 3;

struct Moves {
  std::vector<double> pauses;         // milliseconds
  std::vector<double> new_megabytes;  // of the last checkpoints
  double state_megabytes = 0;
  double caught_up_seconds = 0;  // of the first follower, from nothing
};

Status await_caught_up(Job& follower, Clock& clock) {
  for (;;) {
    const JobReport report = follower.report();
    if (report.following && report.following->caught_up) return ok();
    if (report.ending) return Error{Code::kInternal, report.ending->message};
    clock.sleep(std::chrono::milliseconds(10), {});
  }
}

// The job that has taken over.
Result<std::unique_ptr<Job>> move_once(Job& active, const LoadJob& settings, LatencyLog& log,
                                       Moves& moves, Clock& clock) {
  TRY_ASSIGN(auto follower, make_load_job(settings, log, clock));
  const Duration began = clock.monotonic();
  TRY(follower->begin());
  TRY(await_caught_up(*follower, clock));
  if (moves.pauses.empty())
    moves.caught_up_seconds = std::chrono::duration<double>(clock.monotonic() - began).count();
  clock.sleep(std::chrono::seconds(3), {});
  auto given = std::async(std::launch::async, [&] { return active.hand_over(); });
  const Status taken = follower->take_over(false);
  const auto checkpoint = given.get();
  if (!checkpoint) {
    const auto move = follower->report().move;
    return checkpoint.error().within(
        "hand-over (the follower: " + (move ? move->reason : std::string("follows")) + ")");
  }
  TRY(taken);
  clock.sleep(std::chrono::milliseconds(500), {});
  const JobReport before = active.report(), after = follower->report();
  if (!after.move || after.move->reason != "HandedOver")
    return Error{Code::kInternal, "the job was not handed over"};
  moves.pauses.push_back(std::chrono::duration<double, std::milli>(after.move->pause).count());
  moves.new_megabytes.push_back(static_cast<double>(before.checkpoints.last_new_bytes) / (1 << 20));
  moves.state_megabytes = static_cast<double>(after.state_bytes) / (1 << 20);
  return follower;
}

Result<Moves> measure(Clock& clock, std::ostream& progress) {
  const TemporaryFolder folder;
  LatencyLog log;
  const auto changing = keys_of_groups(kKeys, kKeyGroups, kChanging);
  LoadJob settings{
      .load = {.keys = kKeys, .rows_per_second = kRowsPerSecond, .changing = &changing},
      .parallelism = {2},
      .checkpoints = folder.path() + "/checkpoints"};
  Moves moves;
  TRY_ASSIGN(auto active, start_load_job(settings, log, clock));
  TRY(active->checkpoint());
  settings.follow = true;
  for (int i = 0; i < kMoves; ++i) {
    TRY_ASSIGN(auto next, move_once(*active, settings, log, moves, clock));
    active = std::move(next);
    progress << "move " << i + 1 << " of " << kMoves << ", state "
             << short_number(moves.state_megabytes) << " MiB, "
             << short_number(moves.new_megabytes.back()) << " MiB written last: pause "
             << short_number(moves.pauses.back()) << " ms" << std::endl;
  }
  return moves;
}

}  // namespace

Result<Measurements> bench_move(Clock& clock, std::ostream& progress) {
  TRY_ASSIGN(const Moves moves, measure(clock, progress));
  return Measurements{
      {.name = "pause of a warm move",
       .value = median(moves.pauses),
       .unit = "ms",
       .target = Target{500, false},
       .note = "median of " + std::to_string(kMoves) + ", " +
               short_number(quantile(moves.pauses, 0)) + " to " +
               short_number(quantile(moves.pauses, 1)) + " ms; the last checkpoint wrote " +
               short_number(median(moves.new_megabytes)) + " MiB"},
      {.name = "state",
       .value = moves.state_megabytes,
       .unit = "MiB",
       .target = Target{1024},
       .note =
           "each second 200 k rows, all in 5 % of the key groups, which are written anew whole; "
           "2 slots"},
      {.name = "follower caught up from nothing",
       .value = moves.caught_up_seconds,
       .unit = "s",
       .note = "while the job ran"}};
}

}  // namespace penstock::bench
