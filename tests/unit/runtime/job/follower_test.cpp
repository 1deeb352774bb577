#include "runtime/job/follower.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;
using Presence = Peer::Presence;
using Kind = FollowStep::Kind;

struct Row {
  const char* name;
  FollowState state;
  Duration now;
  Kind kind;
  const char* reason = "";
};

constexpr FollowState::Order kAt5{.at = 5s};
constexpr FollowState::Order kNowAt5{.now = true, .at = 5s};

const Row kTable[] = {
    {.name = "AnAliveOneIsFollowed",
     .state = {.held = true, .predecessor = Presence::kThere},
     .now = 1h,
     .kind = Kind::kFollow},
    {.name = "AnUnknownOneIsFollowed", .state = {.held = true}, .now = 1h, .kind = Kind::kFollow},
    {.name = "WithoutAnOrderAHandOverIsNotTaken",
     .state = {.handed_over = true, .held = true, .predecessor = Presence::kThere},
     .now = 1h,
     .kind = Kind::kFollow},
    {.name = "AGoneOneIsReplaced",
     .state = {.held = true, .predecessor = Presence::kGone},
     .now = 1s,
     .kind = Kind::kTakeOver,
     .reason = "PredecessorGone"},
    {.name = "AGoneOneIsReplacedThoughItsNewestCheckpointIsNotHere",
     .state = {.predecessor = Presence::kGone},
     .now = 1s,
     .kind = Kind::kTakeOver,
     .reason = "PredecessorGone"},
    {.name = "OneThatWasToldToEndIsNot",
     .state = {.held = true, .ended = true, .predecessor = Presence::kGone},
     .now = 1s,
     .kind = Kind::kEnd},
    {.name = "UnlessThisOneIsToldToTakeOver",
     .state = {.order = kAt5, .held = true, .ended = true, .predecessor = Presence::kGone},
     .now = 6s,
     .kind = Kind::kTakeOver,
     .reason = "PredecessorGone"},
    {.name = "AnOrderWaitsForTheHandOver",
     .state = {.order = kAt5, .held = true, .predecessor = Presence::kThere},
     .now = 14s,
     .kind = Kind::kFollow},
    {.name = "AndForTheLastDifference",
     .state = {.order = kAt5, .handed_over = true, .predecessor = Presence::kThere},
     .now = 14s,
     .kind = Kind::kFollow},
    {.name = "ThenItTakesOver",
     .state = {.order = kAt5, .handed_over = true, .held = true},
     .now = 5s,
     .kind = Kind::kTakeOver,
     .reason = "HandedOver"},
    {.name = "WithoutAHandOverTenSecondsAreEnough",
     .state = {.order = kAt5, .held = true, .predecessor = Presence::kThere},
     .now = 15s,
     .kind = Kind::kTakeOver,
     .reason = "NotHandedOver"},
    {.name = "CountedFromTheNewestCheckpoint",
     .state = {.order = kAt5, .newest_at = 8s, .held = true},
     .now = 17s,
     .kind = Kind::kFollow},
    {.name = "ButNotForEver",
     .state = {.order = kAt5, .newest_at = 64s, .held = true},
     .now = 65s,
     .kind = Kind::kTakeOver,
     .reason = "NotHandedOver"},
    {.name = "NowMeansNow",
     .state = {.order = kNowAt5, .predecessor = Presence::kThere},
     .now = 5s,
     .kind = Kind::kTakeOver,
     .reason = "PredecessorDead"},
};

class DecideFollow : public testing::TestWithParam<Row> {};
TEST_P(DecideFollow, FollowsTheTable) {
  const FollowStep step = decide_follow(GetParam().state, GetParam().now);
  EXPECT_EQ(step.kind, GetParam().kind);
  EXPECT_EQ(step.reason, GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(Table, DecideFollow, testing::ValuesIn(kTable),
                         [](const auto& row) { return row.param.name; });

TEST(CaughtUp, WithLittleLeftOrAfterFiveLargeRounds) {
  EXPECT_TRUE(caught_up(kSmallDifference, 0));
  EXPECT_FALSE(caught_up(kSmallDifference + 1, 0));
  EXPECT_FALSE(caught_up(kSmallDifference + 1, 4));
  EXPECT_TRUE(caught_up(kSmallDifference + 1, 5));
}

TEST(CopyAgain, WhileALotChangesAndAtMostFiveTimes) {
  EXPECT_FALSE(copy_again(kSmallDifference, 1));
  EXPECT_TRUE(copy_again(kSmallDifference + 1, 1));
  EXPECT_TRUE(copy_again(kSmallDifference + 1, 4));
  EXPECT_FALSE(copy_again(kSmallDifference + 1, 5));
}

}  // namespace
}  // namespace penstock
