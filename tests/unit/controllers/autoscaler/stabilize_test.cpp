#include "controllers/autoscaler/stabilize.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr Millis kNow = 1'000'000;
using Type = api::PolicyType;
using Select = api::SelectPolicy;

struct Case {
  const char* name;
  std::int32_t current = 4, wish = 4;
  std::vector<api::RatePolicy> up = {{Type::kPercent, 100, 15}}, down = {{Type::kPercent, 100, 15}};
  Select select = Select::kMax;
  std::vector<SizeChange> changes{};
  std::int32_t expect = 4;
};

class LimitRate : public testing::TestWithParam<Case> {};

TEST_P(LimitRate, AsHorizontalPodAutoscalerDoes) {
  const Case& row = GetParam();
  api::ScalingBehavior behavior;
  behavior.scale_up.policies = row.up;
  behavior.scale_up.select_policy = row.select;
  behavior.scale_down.policies = row.down;
  behavior.scale_down.select_policy = row.select;
  const Stabilized got =
      limit_rate(row.current, row.wish, {.changes = row.changes}, behavior, kNow);
  EXPECT_EQ(got.slots, row.expect);
  EXPECT_EQ(got.rule, row.expect == row.wish ? "" : "RateLimited");
}

INSTANTIATE_TEST_SUITE_P(
    Table, LimitRate,
    testing::Values(
        Case{.name = "PercentUp", .wish = 20, .expect = 8},
        Case{.name = "PercentUpRoundsUp",
             .current = 3,
             .wish = 20,
             .up = {{Type::kPercent, 50, 15}},
             .expect = 5},
        Case{.name = "PodsUp", .wish = 20, .up = {{Type::kPods, 3, 15}}, .expect = 7},
        Case{.name = "MaxTakesTheLargerStep",
             .wish = 20,
             .up = {{Type::kPercent, 100, 15}, {Type::kPods, 9, 15}},
             .expect = 13},
        Case{.name = "MinTakesTheSmallerStep",
             .wish = 20,
             .up = {{Type::kPercent, 100, 15}, {Type::kPods, 1, 15}},
             .select = Select::kMin,
             .expect = 5},
        Case{.name = "DisabledStays", .wish = 20, .select = Select::kDisabled, .expect = 4},
        Case{.name = "EarlierGrowthUsesItUp",
             .wish = 20,
             .changes = {{kNow - 10'000, 2}},
             .expect = 4},
        Case{.name = "PartOfItIsLeft", .wish = 20, .changes = {{kNow - 10'000, 1}}, .expect = 6},
        Case{.name = "OldGrowthDoesNot", .wish = 20, .changes = {{kNow - 15'000, 2}}, .expect = 8},
        Case{.name = "ShrinkingGivesItBack",
             .current = 2,
             .wish = 20,
             .changes = {{kNow - 1'000, -2}},
             .expect = 8},
        Case{.name = "PercentDownRoundsDown",
             .current = 5,
             .wish = 1,
             .down = {{Type::kPercent, 50, 60}},
             .expect = 2},
        Case{.name = "PodsDown", .wish = 1, .down = {{Type::kPods, 1, 60}}, .expect = 3},
        Case{.name = "MaxTakesTheLargerStepDown",
             .wish = 1,
             .down = {{Type::kPercent, 50, 60}, {Type::kPods, 3, 60}},
             .expect = 1},
        Case{.name = "MinTakesTheSmallerStepDown",
             .wish = 1,
             .down = {{Type::kPercent, 50, 60}, {Type::kPods, 1, 60}},
             .select = Select::kMin,
             .expect = 3},
        Case{.name = "DisabledStaysDown", .wish = 1, .select = Select::kDisabled, .expect = 4},
        Case{.name = "EarlierShrinkingUsesItUp",
             .wish = 1,
             .down = {{Type::kPercent, 50, 60}},
             .changes = {{kNow - 30'000, -4}},
             .expect = 4}),
    [](const auto& row) { return std::string(row.param.name); });

struct Window {
  const char* name;
  std::int32_t wish = 4;
  std::vector<Recommendation> before{};
  std::int32_t up_window = 0, down_window = 60;
  std::int32_t expect = 4;
};

class HoldBack : public testing::TestWithParam<Window> {};

TEST_P(HoldBack, AsHorizontalPodAutoscalerDoes) {
  const Window& row = GetParam();
  api::ScalingBehavior behavior;
  behavior.scale_up.stabilization_window_seconds = row.up_window;
  behavior.scale_down.stabilization_window_seconds = row.down_window;
  EXPECT_EQ(hold_back(4, row.wish, {.recommendations = row.before}, behavior, kNow).slots,
            row.expect);
}

INSTANTIATE_TEST_SUITE_P(Table, HoldBack,
                         testing::Values(Window{.name = "GrowsAtOnceWithoutWindow",
                                                .wish = 8,
                                                .before = {{kNow - 1000, 2}},
                                                .expect = 8},
                                         Window{.name = "GrowsToTheLeastOfTheWindow",
                                                .wish = 8,
                                                .before = {{kNow - 1000, 6}},
                                                .up_window = 30,
                                                .expect = 6},
                                         Window{.name = "DoesNotGrowBelowCurrent",
                                                .wish = 8,
                                                .before = {{kNow - 1000, 2}},
                                                .up_window = 30,
                                                .expect = 4},
                                         Window{.name = "ShrinksToTheMostOfTheWindow",
                                                .wish = 1,
                                                .before = {{kNow - 59'000, 3}},
                                                .expect = 3},
                                         Window{.name = "OlderOnesDoNotCount",
                                                .wish = 1,
                                                .before = {{kNow - 60'000, 3}},
                                                .expect = 1},
                                         Window{.name = "DoesNotShrinkAboveCurrent",
                                                .wish = 1,
                                                .before = {{kNow - 1000, 9}},
                                                .expect = 4}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ForgetOld, KeepsWhatAWindowStillReaches) {
  ScalingMemory memory{.recommendations = {{kNow - 61'000, 1}, {kNow - 59'000, 2}},
                       .changes = {{kNow - 61'000, 1}, {kNow - 59'000, 2}}};
  forget_old(memory, {}, kNow);
  EXPECT_EQ(memory.recommendations, (std::vector<Recommendation>{{kNow - 59'000, 2}}));
  EXPECT_EQ(memory.changes, (std::vector<SizeChange>{{kNow - 59'000, 2}}));
}

}  // namespace
}  // namespace penstock
