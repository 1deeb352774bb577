// Whole jobs over in-memory sources and sinks: what comes out is exact whatever happens on the way.

#include "runtime/job/job.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/base/log.h"
#include "runtime/base/random.h"
#include "runtime/storage/blob_store.h"
#include "tests/component/number_job.h"
#include "tests/support/temporary_directory.h"

namespace penstock::test {
namespace {

class QuietLog : public testing::Environment {
 public:
  void SetUp() override { log::set_level(log::Level::kError); }
};
const auto* const kQuiet = testing::AddGlobalTestEnvironment(new QuietLog);

TEST(JobRuns, ToTheEndOfItsInputAndCommitsEverything) {
  World world;
  world.released = world.numbers.rows_per_split;
  SystemClock clock;
  const auto job = start(world, options_of(2), clock);
  EXPECT_EQ(to_string(job->wait().kind), "Finished");
  expect_exact(world);
}

TEST(JobRuns, WithoutCheckpointsToo) {
  World world;
  world.released = world.numbers.rows_per_split;
  SystemClock clock;
  JobOptions options = options_of(3);
  options.checkpoints.reset();
  const auto job = start(world, options, clock);
  EXPECT_EQ(to_string(job->wait().kind), "Finished");
  expect_exact(world);
}

struct RescaleCase {
  std::uint32_t from, to;
};

class Rescale : public testing::TestWithParam<RescaleCase> {};

// 1/4 of the rows, there, another 1/4, back again, the rest; rows flow while it happens.
void rescale_there_and_back(World& world, const JobOptions& options, RescaleCase row) {
  SystemClock clock;
  const auto job = start(world, options, clock);
  const std::uint64_t quarter = world.numbers.rows_per_split / 4;
  flow_until(world, *job, quarter);
  world.released = 2 * quarter;
  auto there = job->rescale({row.to}, "test");
  EXPECT_TRUE(there) << there.error().message;
  EXPECT_EQ(job->report().running, row.to);
  world.released = 3 * quarter;
  auto back = job->rescale({row.from}, "test");
  EXPECT_TRUE(back) << back.error().message;
  EXPECT_EQ(job->report().running, row.from);
  EXPECT_EQ(job->report().rescales.count, row.from == row.to ? 0u : 2u);
  world.released = world.numbers.rows_per_split;
  const Ending ending = job->wait();
  EXPECT_EQ(to_string(ending.kind), "Finished") << ending.message;
  expect_exact(world);
}

TEST_P(Rescale, IsExactWithAJoinAndWindows) {
  World world;
  rescale_there_and_back(world, options_of(GetParam().from), GetParam());
}

TEST_P(Rescale, IsExactWithOneRowBatchesAndTheSmallestChannels) {
  World world;
  world.numbers.rows_per_split = 60;
  JobOptions options = options_of(GetParam().from);
  options.batch_rows = 1;
  options.channel_bytes = 1;
  rescale_there_and_back(world, options, GetParam());
}

std::vector<RescaleCase> all_pairs() {
  std::vector<RescaleCase> pairs;
  for (std::uint32_t from = 1; from <= 8; ++from)
    for (std::uint32_t to = 1; to <= 8; ++to) pairs.push_back({from, to});
  return pairs;
}
INSTANTIATE_TEST_SUITE_P(Table, Rescale, testing::ValuesIn(all_pairs()), [](const auto& row) {
  return "From" + std::to_string(row.param.from) + "To" + std::to_string(row.param.to);
});

TEST(RescaleAndRestore, SurvivesAFailureAfterwards) {
  for (const std::uint64_t seed : {1u, 2u, 3u, 4u, 5u, 6u}) {
    SCOPED_TRACE(seed);
    Random random(seed);
    World world;
    SystemClock clock;
    const auto job = start(world, options_of(2), clock);
    for (std::uint64_t part = 1; part <= 8; ++part) {
      if (random.below(2) == 0)
        world.fail_at = static_cast<std::int64_t>(random.below(world.numbers.rows()));
      world.released = part * world.numbers.rows_per_split / 8;
      // A failure in between answers kUnavailable; the size then is what the next attempt starts
      // with.
      static_cast<void>(job->rescale({static_cast<std::uint32_t>(1 + random.below(5))}, "test"));
    }
    world.fail_at = -1;
    const Ending ending = job->wait();
    EXPECT_EQ(to_string(ending.kind), "Finished") << ending.message;
    expect_exact(world);
  }
}

class Restore : public testing::TestWithParam<RescaleCase> {};

TEST_P(Restore, AtAnotherParallelismGivesTheSameRows) {
  World world;
  SystemClock clock;
  {
    const auto job = start(world, options_of(GetParam().from), clock);
    flow_until(world, *job, world.numbers.rows_per_split / 3);
    EXPECT_TRUE(job->checkpoint());
    flow_until(world, *job, world.numbers.rows_per_split / 2);
    EXPECT_TRUE(job->stop(StopMode::kNow, ""));
    EXPECT_EQ(to_string(job->wait().kind), "Stopped");
  }
  {
    const auto job = start(world, options_of(GetParam().to), clock);
    EXPECT_FALSE(job->report().restored_from.empty());
    world.released = world.numbers.rows_per_split;
    EXPECT_EQ(to_string(job->wait().kind), "Finished");
  }
  expect_exact(world);
}

TEST_P(Restore, AfterAKillGivesTheSameRows) {
  World world;
  SystemClock clock;
  {
    const auto job = start(world, options_of(GetParam().from), clock);
    flow_until(world, *job, world.numbers.rows_per_split / 3);
    EXPECT_TRUE(job->checkpoint());
    flow_until(world, *job, world.numbers.rows_per_split / 2);
  }  // destroyed: no last checkpoint
  {
    const auto job = start(world, options_of(GetParam().to), clock);
    world.released = world.numbers.rows_per_split;
    EXPECT_EQ(to_string(job->wait().kind), "Finished");
  }
  expect_exact(world);
}
INSTANTIATE_TEST_SUITE_P(Table, Restore,
                         testing::Values(RescaleCase{1, 1}, RescaleCase{1, 3}, RescaleCase{3, 1},
                                         RescaleCase{2, 5}, RescaleCase{7, 2}, RescaleCase{8, 8}),
                         [](const auto& row) {
                           return "From" + std::to_string(row.param.from) + "To" +
                                  std::to_string(row.param.to);
                         });

TEST(JobFails, RestartsInProcessFromTheNewestCheckpoint) {
  World world;
  SystemClock clock;
  const auto job = start(world, options_of(2), clock);
  flow_until(world, *job, world.numbers.rows_per_split / 2);
  EXPECT_TRUE(job->checkpoint());
  world.fail_at = static_cast<std::int64_t>(world.numbers.rows() - 7);
  world.released = world.numbers.rows_per_split;
  EXPECT_EQ(to_string(job->wait().kind), "Finished");
  const JobReport report = job->report();
  EXPECT_EQ(report.restarts, 1u);
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].message, "injected at " + std::to_string(world.numbers.rows() - 7));
  expect_exact(world);
}

TEST(JobFails, CommitsAfterARestartWhatWasPublishedBefore) {
  World world;
  SystemClock clock;
  const auto job = start(world, options_of(2), clock);
  flow_until(world, *job, world.numbers.rows_per_split / 2);
  world.commits_fail = true;
  world.released = world.numbers.rows_per_split;
  EXPECT_EQ(to_string(job->wait().kind), "Finished");
  EXPECT_EQ(job->report().restarts, 1u);
  expect_exact(world);
}

TEST(JobFails, ForGoodWhenItsAttemptsAreUsedUp) {
  World world;
  world.numbers.rows_per_split = 10;
  SystemClock clock;
  JobOptions options = options_of(1);
  options.restart.max_attempts = 1;
  options.interval = std::chrono::hours(1);
  const auto job = start(world, options, clock);
  world.fail_at = 3;
  world.released = 5;
  while (job->report().restarts == 0) clock.sleep(std::chrono::milliseconds(1), {});
  world.fail_at = 8;
  world.released = 10;
  const Ending ending = job->wait();
  EXPECT_EQ(to_string(ending.kind), "Failed");
  EXPECT_EQ(ending.reason, "RestartsExhausted");
}

TEST(JobFails, NamingTheOperatorWhenStateMemoryIsUsedUp) {
  World world;
  world.released = world.numbers.rows_per_split;
  SystemClock clock;
  JobOptions options = options_of(1);
  options.state_memory = 1000;
  const auto job = start(world, options, clock);
  const Ending ending = job->wait();
  EXPECT_EQ(to_string(ending.kind), "Failed");
  EXPECT_EQ(ending.reason, "CannotHeal");
  EXPECT_NE(ending.message.find("state memory is used up"), std::string::npos) << ending.message;
}

TEST(TwoProcesses, TheOlderOneEndsSayingSo) {
  World world;
  SystemClock clock;
  const auto older = start(world, options_of(1), clock);
  flow_until(world, *older, world.numbers.rows_per_split / 2);
  const auto newer = start(world, options_of(2), clock);
  const Ending ending = older->wait();
  EXPECT_EQ(to_string(ending.kind), "Superseded") << ending.message;
  world.released = world.numbers.rows_per_split;
  EXPECT_EQ(to_string(newer->wait().kind), "Finished");
  expect_exact(world);
}

TEST(OtherJobsDirectory, IsRefusedByName) {
  World world;
  SystemClock clock;
  {
    const auto job = start(world, options_of(1), clock);
  }
  JobOptions options = options_of(1);
  options.identity.name = "another";
  const auto job = start_job(graph_of(kJob), options, factories_of(world), store_of(world), clock);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, Code::kInvalid);
  EXPECT_NE(job.error().message.find("test"), std::string::npos) << job.error().message;
}

TEST(ChangedJob, IsRefusedWithTheListOfWhatDoesNotFit) {
  World world;
  SystemClock clock;
  {
    const auto job = start(world, options_of(1), clock);
    flow_until(world, *job, world.numbers.rows_per_split / 2);
    EXPECT_TRUE(job->checkpoint());
  }
  const auto job =
      start_job(graph_of(kOtherJob), options_of(1), factories_of(world), store_of(world), clock);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().code, Code::kInvalid);
  EXPECT_NE(job.error().message.find("gone"), std::string::npos) << job.error().message;
}

TEST(Drain, ReadsWhatIsThereAndFinishes) {
  World world;
  SystemClock clock;
  const auto job = start(world, options_of(2), clock);
  flow_until(world, *job, world.numbers.rows_per_split / 2);
  EXPECT_TRUE(job->stop(StopMode::kDrain, ""));
  EXPECT_EQ(to_string(job->wait().kind), "Finished");
  world.numbers.rows_per_split /= 2;
  expect_exact(world);
}

TEST(Savepoint, RestoresUnderItsOwnUri) {
  World world;
  World copy;
  SystemClock clock;
  auto stores = [&](std::string_view uri) {
    return uri == "copy" ? store_of(copy)(uri) : store_of(world)(uri);
  };
  auto job = start_job(graph_of(kJob), options_of(2), factories_of(world), stores, clock);
  ASSERT_TRUE(job) << job.error().message;
  flow_until(world, **job, world.numbers.rows_per_split / 2);
  const auto taken = (*job)->savepoint("copy");
  ASSERT_TRUE(taken) << taken.error().message;
  job->reset();
  // The copy is all that is left.
  world.store = copy.store;
  world.released = world.numbers.rows_per_split;
  const auto again = start(world, options_of(3), clock);
  EXPECT_FALSE(again->report().restored_from.empty());
  EXPECT_EQ(to_string(again->wait().kind), "Finished");
  expect_exact(world);
}

// A Pod's arguments stay: its second process must not go back to where the first one began.
TEST(Restore, AStartOfOneNameGoesBackOnlyOnce) {
  World world;
  SystemClock clock;
  const auto checkpoint = [&](const JobOptions& options, std::string& from) {
    const auto job = start(world, options, clock);
    from = job->report().restored_from;
    EXPECT_TRUE(job->checkpoint());
  };
  std::string from;
  checkpoint(options_of(2), from);
  JobOptions fresh = options_of(2);
  fresh.from = JobOptions::From::kNone;
  fresh.start_name = "one";
  checkpoint(fresh, from);
  EXPECT_EQ(from, "") << "the first process of the start";
  checkpoint(fresh, from);
  EXPECT_NE(from, "") << "the second one goes on";
  checkpoint(options_of(2), from);
  checkpoint(fresh, from);
  EXPECT_NE(from, "") << "also from what came after it under no name";
  fresh.start_name = "two";
  checkpoint(fresh, from);
  EXPECT_EQ(from, "") << "another start";
}

TEST(Restore, FromACheckpointByItsNumber) {
  TemporaryDirectory folder;
  World world;
  SystemClock clock;
  JobOptions options = options_of(2);
  options.interval = std::chrono::hours(1);
  options.checkpoints = folder / "a";
  const auto begin = [&](const JobOptions& given) {
    return start_job(
        graph_of(kJob), given, factories_of(world),
        [](std::string_view uri) { return open_blob_store(uri); }, clock);
  };
  CheckpointId first{};
  {
    const auto job = begin(options);
    ASSERT_TRUE(job) << job.error().message;
    first = (*job)->checkpoint().value();
    EXPECT_TRUE((*job)->checkpoint());
  }
  // Another job, and the directory of the first one stays as it is.
  JobOptions other = options;
  other.identity.name = "other";
  other.checkpoints = folder / "b";
  other.from = JobOptions::From::kUri;
  other.from_uri = folder / ("a#checkpoint-" + std::to_string(first.value));
  const auto job = begin(other);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ((*job)->report().restored_from, other.from_uri);
  other.checkpoints = folder / "c";
  other.from_uri = folder / "a#checkpoint-99";
  const auto missing = begin(other);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kInvalid);
}

}  // namespace
}  // namespace penstock::test
