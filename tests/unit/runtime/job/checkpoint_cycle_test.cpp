#include "runtime/job/checkpoint_cycle.h"

#include <gtest/gtest.h>

#include "runtime/job/restart.h"

namespace penstock {
namespace {

using std::chrono::seconds;

CheckpointCycle cycle(int tolerable = 1) {
  return CheckpointCycle({.interval = seconds(10),
                          .timeout = seconds(60),
                          .min_pause = seconds(4),
                          .tolerable_failures = tolerable},
                         seconds(0));
}

TEST(CheckpointCycle, IsDueAfterTheInterval) {
  const CheckpointCycle fresh = cycle();
  EXPECT_FALSE(fresh.due(seconds(9)));
  EXPECT_TRUE(fresh.due(seconds(10)));
}

TEST(CheckpointCycle, PausesAfterALongOne) {
  CheckpointCycle is = cycle();
  is.begin({1}, 0, seconds(10));
  EXPECT_FALSE(is.due(seconds(25))) << "one at a time";
  is.succeed(seconds(25));
  EXPECT_FALSE(is.due(seconds(28)));
  EXPECT_TRUE(is.due(seconds(29)));
}

TEST(CheckpointCycle, IsCompleteWithAllAcksAndUploads) {
  CheckpointCycle is = cycle();
  is.begin({1}, 2, seconds(0));
  is.add_upload();
  is.on_ack({1});
  is.on_ack({7});
  EXPECT_TRUE(is.aligning()) << "another checkpoint's word means nothing";
  is.on_ack({1});
  EXPECT_FALSE(is.aligning());
  EXPECT_FALSE(is.complete());
  is.on_upload({1});
  EXPECT_TRUE(is.complete());
}

TEST(CheckpointCycle, CountsFailuresInARow) {
  CheckpointCycle is = cycle(1);
  is.begin({1}, 1, seconds(0));
  EXPECT_TRUE(is.timed_out(seconds(60)));
  EXPECT_FALSE(is.fail(seconds(60)));
  is.begin({2}, 0, seconds(70));
  is.succeed(seconds(71));
  is.begin({3}, 1, seconds(80));
  EXPECT_FALSE(is.fail(seconds(81)));
  is.begin({4}, 1, seconds(90));
  EXPECT_TRUE(is.fail(seconds(91)));
}

TEST(DecideRestart, DoublesTheDelayUpToTheLargest) {
  const RestartPolicy policy{.initial_delay = seconds(1), .max_delay = seconds(5)};
  EXPECT_EQ(decide_restart(policy, 1).delay, seconds(1));
  EXPECT_EQ(decide_restart(policy, 3).delay, seconds(4));
  EXPECT_EQ(decide_restart(policy, 9).delay, seconds(5));
  EXPECT_TRUE(decide_restart(policy, 1000).again);
}

TEST(DecideRestart, GivesUpAfterTheLastAttempt) {
  const RestartPolicy policy{.max_attempts = 2};
  EXPECT_TRUE(decide_restart(policy, 2).again);
  EXPECT_FALSE(decide_restart(policy, 3).again);
}

}  // namespace
}  // namespace penstock
