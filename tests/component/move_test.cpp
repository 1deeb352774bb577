// A job that moves from one process to another: what comes out is as if it had not moved.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "runtime/job/hand_over.h"
#include "tests/component/move_fixture.h"

namespace penstock::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST_F(Move, AFollowerHoldsEachCheckpointAndTouchesNothing) {
  const auto active = run(2);
  flow(*active, 1);
  const int writers = world_.writers_opened;
  const auto follower = follow(3);
  for (std::uint64_t part = 1; part <= 8; ++part) {
    flow_until(world_, *active, part * world_.numbers.rows_per_split / 10);
    const auto checkpoint = active->checkpoint();
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    await_held(*follower, *checkpoint);
  }
  const JobReport report = follower->report();
  EXPECT_EQ(report.phase, "Following");
  EXPECT_EQ(report.running, 0u);
  EXPECT_EQ(report.following->bytes_behind, 0u);
  EXPECT_GT(report.state_bytes, 0);
  EXPECT_EQ(claims(), 1u);
  EXPECT_EQ(world_.writers_opened, writers);
  release_all();
  EXPECT_EQ(active->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

struct Sizes {
  std::uint32_t from, to;
};
class HandOver : public Move, public testing::WithParamInterface<Sizes> {};

TEST_P(HandOver, LosesNoRowAndReadsNoneTwice) {
  const auto active = run(GetParam().from);
  flow(*active, 1);
  const auto follower = follow(GetParam().to);
  await_caught_up(*follower);
  flow(*active, 2);
  world_.released = 3 * world_.numbers.rows_per_split / 4;  // rows flow while it moves
  hand_over(*active, *follower);
  const Ending ending = active->wait();
  EXPECT_EQ(ending.kind, Ending::Kind::kStopped);
  EXPECT_EQ(ending.reason, "HandedOver") << ending.message;
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  const JobReport report = follower->report();
  ASSERT_TRUE(report.move);
  EXPECT_EQ(report.move->reason, "HandedOver");
  EXPECT_THAT(report.move->from, HasSubstr("pid "));
  EXPECT_LT(report.move->pause, 10s);
  EXPECT_FALSE(report.following);
  EXPECT_EQ(total(active->report()).rows_in + total(report).rows_in, all_rows());
  expect_exact(world_);
}
INSTANTIATE_TEST_SUITE_P(Table, HandOver,
                         testing::Values(Sizes{1, 1}, Sizes{2, 3}, Sizes{5, 2}, Sizes{1, 8}),
                         [](const auto& row) {
                           return "From" + std::to_string(row.param.from) + "To" +
                                  std::to_string(row.param.to);
                         });

TEST_F(Move, GoesFromProcessToProcess) {
  std::vector<std::unique_ptr<Job>> jobs;
  jobs.push_back(run(1));
  for (std::uint32_t n = 1; n <= 6; ++n) {
    jobs.push_back(follow(1 + n % 4));
    world_.released = n * world_.numbers.rows_per_split / 7;
    await_caught_up(*jobs.back());
    hand_over(**(jobs.end() - 2), *jobs.back());
  }
  release_all();
  EXPECT_EQ(jobs.back()->wait().kind, Ending::Kind::kFinished);
  std::uint64_t rows = 0;
  for (const auto& job : jobs) rows += total(job->report()).rows_in;
  EXPECT_EQ(rows, all_rows());
  expect_exact(world_);
}

TEST_F(Move, UnclaimedItGoesOnWhereItStood) {
  const auto active = run(3);
  flow(*active, 1);
  auto given = std::async(std::launch::async, [&] { return active->hand_over(); });
  await([&] { return handed_over(); });
  release_all();
  clock_.jump(kStandStill);
  const auto outcome = given.get();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::kUnavailable);
  EXPECT_THAT(outcome.error().message, HasSubstr("nobody claimed"));
  EXPECT_EQ(active->wait().kind, Ending::Kind::kFinished);
  const JobReport report = active->report();
  EXPECT_EQ(total(report).rows_in, all_rows());
  EXPECT_EQ(report.restarts, 0u);
  expect_exact(world_);
}

TEST_F(Move, AFollowerThatIsToldToTakesOverThoughNothingIsHandedOver) {
  const auto active = run(2);
  flow(*active, 2);
  const auto follower = follow(2);
  await_caught_up(*follower);
  auto taken = std::async(std::launch::async, [&] { return follower->take_over(false); });
  // Until it has waited long enough since the order and the last checkpoint, whichever was later.
  while (taken.wait_for(0s) != std::future_status::ready) {
    clock_.jump(1s);
    clock_.sleep(1ms, {});
  }
  EXPECT_TRUE(taken.get());
  EXPECT_EQ(follower->report().move->reason, "NotHandedOver");
  EXPECT_EQ(active->wait().kind, Ending::Kind::kSuperseded);
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, NowMeansNow) {
  const auto active = run(2);
  flow(*active, 2);
  const auto follower = follow(4);
  EXPECT_TRUE(follower->take_over(true));
  EXPECT_EQ(follower->report().move->reason, "PredecessorDead");
  EXPECT_EQ(follower->report().running, 4u);
  EXPECT_TRUE(follower->take_over(true)) << "the same order again";
  EXPECT_EQ(active->wait().kind, Ending::Kind::kSuperseded);
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, ASupersededProcessLeavesNothingPrepared) {
  JobOptions options = options_of(2);
  options.interval = 1h;
  const auto active = run(2, options);
  flow(*active, 1);
  ASSERT_TRUE(active->checkpoint());
  const auto follower = follow(3);
  EXPECT_TRUE(follower->take_over(true));
  flow(*active, 3);  // it does not know yet
  EXPECT_FALSE(active->checkpoint());
  EXPECT_EQ(active->wait().kind, Ending::Kind::kSuperseded);
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  world_.outputs.with([](const World::Outputs& outputs) {
    for (const auto& [name, rows] : outputs.prepared)
      EXPECT_TRUE(outputs.done.contains(name)) << name;
  });
  expect_exact(world_);
}

TEST_F(Move, AStandbyGoesOnWhenItsPredecessorIsGone) {
  auto active = run(3);
  flow(*active, 2);
  const auto standby = follow(2);
  await_caught_up(*standby);
  active.reset();  // without a last checkpoint
  predecessor_ = Peer::Presence::kGone;
  await([&] { return standby->report().phase == "Running"; });
  EXPECT_EQ(standby->report().move->reason, "PredecessorGone");
  release_all();
  EXPECT_EQ(standby->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, OneThatIsStartedAgainAtItsOldPlaceGoesOnAtOnce) {
  auto active = run(2);
  flow(*active, 2);
  active.reset();
  const auto again = follow(2, store_of(world_), "predecessor");
  await([&] { return again->report().phase == "Running"; });
  EXPECT_EQ(again->report().move->reason, "PredecessorGone");
  release_all();
  EXPECT_EQ(again->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, AStandbyGoesOnWhenItsPredecessorLeavesButNotWhenTheJobIsStopped) {
  auto active = run(1);
  flow(*active, 1);
  auto standby = follow(2);
  await_caught_up(*standby);
  EXPECT_TRUE(active->stop(StopMode::kLeave, ""));
  EXPECT_EQ(active->wait().kind, Ending::Kind::kStopped);
  predecessor_ = Peer::Presence::kGone;
  await([&] { return standby->report().phase == "Running"; });
  active = std::move(standby);
  predecessor_ = Peer::Presence::kThere;

  flow(*active, 2);
  standby = follow(3);
  await_caught_up(*standby);
  EXPECT_TRUE(active->stop(StopMode::kNow, ""));
  EXPECT_EQ(active->wait().kind, Ending::Kind::kStopped);
  predecessor_ = Peer::Presence::kGone;
  const Ending ending = standby->wait();
  EXPECT_EQ(ending.kind, Ending::Kind::kStopped);
  EXPECT_THAT(ending.message, HasSubstr("ordered to stop"));
}

TEST_F(Move, AFollowerOfNothingWaitsAndStartsAfreshWhenTold) {
  const auto follower = follow(2);
  await([&] { return follower->report().phase == "Following"; });
  EXPECT_FALSE(follower->report().following->caught_up);
  EXPECT_EQ(claims(), 0u);
  EXPECT_TRUE(follower->take_over(true));
  EXPECT_EQ(follower->report().move->from, "nobody");
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, AFollowerWhoseFilesVanishGoesToANewerCheckpoint) {
  JobOptions options = options_of(2);
  options.retained = 1;
  options.interval = 1h;
  const auto active = run(2, options);
  flow(*active, 1);
  ASSERT_TRUE(active->checkpoint());
  std::uint64_t rows = world_.released;
  std::string vanished;
  // The follower has read the record; before it reads the first file, the job has gone on and has
  // deleted that file.
  std::function<void(std::string_view)> hook = [&](std::string_view file) {
    vanished = file;
    while (world_.store->get(file)) {
      rows += 5;
      flow_until(world_, *active, rows);
      ASSERT_TRUE(active->checkpoint());
    }
  };
  const auto follower = follow(3, [&](std::string_view) -> Result<std::unique_ptr<BlobStore>> {
    return std::unique_ptr<BlobStore>(std::make_unique<HookedStore>(world_.store, hook));
  });
  await_caught_up(*follower);
  EXPECT_FALSE(vanished.empty());
  EXPECT_FALSE(world_.store->get(vanished));
  hand_over(*active, *follower);
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  EXPECT_EQ(total(active->report()).rows_in + total(follower->report()).rows_in, all_rows());
  expect_exact(world_);
}

TEST_F(Move, ASuccessorThatFailsStartsAgainByItself) {
  const auto active = run(2);
  flow(*active, 2);
  const auto follower = follow(3);
  await_caught_up(*follower);
  hand_over(*active, *follower);
  world_.fail_at = static_cast<std::int64_t>(world_.numbers.rows() - 7);
  release_all();
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kFinished);
  EXPECT_EQ(follower->report().restarts, 1u);
  expect_exact(world_);
}

TEST_F(Move, AStopEndsTheWaitForASuccessor) {
  const auto active = run(2);
  flow(*active, 2);
  auto given = std::async(std::launch::async, [&] { return active->hand_over(); });
  await([&] { return handed_over(); });
  EXPECT_TRUE(active->stop(StopMode::kNow, ""));
  const Ending ending = active->wait();
  EXPECT_EQ(ending.reason, "Stopped") << ending.message;
  EXPECT_EQ(given.get().error().code, Code::kUnavailable);
  const auto again = start(world_, options_of(3), clock_);
  release_all();
  EXPECT_EQ(again->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, OrdersToTheWrongProcessAreRefusedWithTheReason) {
  const auto active = run(2);
  flow(*active, 1);
  const auto follower = follow(2);
  EXPECT_THAT(follower->rescale({3}, "test").error().message, HasSubstr("follows"));
  EXPECT_THAT(follower->checkpoint().error().message, HasSubstr("follows"));
  EXPECT_THAT(follower->hand_over().error().message, HasSubstr("follows"));
  EXPECT_EQ(active->take_over(false).error().code, Code::kInvalid);
  EXPECT_TRUE(follower->stop(StopMode::kLeave, ""));
  EXPECT_EQ(follower->wait().kind, Ending::Kind::kStopped);
  release_all();
  EXPECT_EQ(active->wait().kind, Ending::Kind::kFinished);
  expect_exact(world_);
}

TEST_F(Move, WhatCannotFollowIsToldBeforeItBegins) {
  JobOptions options = following(1);
  options.checkpoints.reset();
  const auto make_with = [&](const JobOptions& is) {
    return make_job(graph_of(kJob), is, factories_of(world_), store_of(world_), clock_);
  };
  EXPECT_EQ(make_with(options).error().code, Code::kInvalid);
  options = following(1);
  options.from = JobOptions::From::kNone;
  EXPECT_EQ(make_with(options).error().code, Code::kInvalid);

  const auto active = run(1);
  options = following(1);
  options.identity.name = "another";
  const auto other = make_with(options);
  ASSERT_TRUE(other);
  const Status begun = (*other)->begin();
  ASSERT_FALSE(begun);
  EXPECT_THAT(begun.error().message, HasSubstr("\"test\""));
}

TEST_F(Move, AFollowerOfAnotherPlanEndsSayingWhatDoesNotFit) {
  const auto active = run(1);
  flow(*active, 2);
  ASSERT_TRUE(active->checkpoint());
  auto follower =
      make_job(graph_of(kOtherJob), following(1), factories_of(world_), store_of(world_), clock_);
  ASSERT_TRUE(follower);
  ASSERT_TRUE((*follower)->begin());
  const Ending ending = (*follower)->wait();
  EXPECT_EQ(ending.kind, Ending::Kind::kFailed);
  EXPECT_THAT(ending.message, HasSubstr("gone"));
  EXPECT_EQ(claims(), 1u);
}

}  // namespace
}  // namespace penstock::test
