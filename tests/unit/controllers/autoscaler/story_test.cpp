#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/controllers/autoscaler/plant.h"

namespace penstock {
namespace {

constexpr double kCost = 32e-6;  // of one row, both chains: PlantSettings' defaults

int expected_slots(double rate, double cost = kCost, double utilization = 0.7) {
  return static_cast<int>(std::ceil(rate * cost / utilization));
}

api::ScalingPolicySpec policy_with(int down_window, int down_percent = 100, int down_period = 10) {
  api::ScalingPolicySpec policy;
  policy.behavior.scale_down.stabilization_window_seconds = down_window;
  policy.behavior.scale_down.policies = {{api::PolicyType::kPercent, down_percent, down_period}};
  return policy;
}

auto constant(double rate) {
  return [rate](double) { return rate; };
}

TEST(AutoscalerStory, AStepIsAnsweredWithinTwentySecondsAndAtTheFormulasSize) {
  Plant plant({}, policy_with(10), 1);
  plant.run(60, constant(20'000));
  EXPECT_TRUE(plant.changes.empty()) << plant.story();
  plant.run(20, constant(120'000));
  ASSERT_FALSE(plant.changes.empty()) << plant.story();
  EXPECT_LE(plant.changes.front().at, 80) << plant.story();
  EXPECT_EQ(plant.slots, expected_slots(120'000)) << plant.story();
  plant.run(300, constant(120'000));
  EXPECT_LE(plant.changes.size(), 4u) << plant.story();
  EXPECT_LT(plant.backlog, 120'000) << plant.story();
}

TEST(AutoscalerStory, HalvingTheRateOrDoublingTheCostGivesWhatTheFormulaSays) {
  struct Case {
    const char* name;
    double rate, cost_factor;
  };
  for (const Case& row :
       {Case{"as it was", 112'000, 1}, Case{"half the rate", 56'000, 1},
        Case{"twice the cost", 112'000, 2}, Case{"both", 56'000, 2}, Case{"a tenth", 11'200, 1}}) {
    Plant plant({}, policy_with(10), expected_slots(112'000));
    plant.run(60, constant(112'000));
    plant.settings.source_cost *= row.cost_factor;
    plant.settings.count_cost *= row.cost_factor;
    plant.run(240, constant(row.rate));
    EXPECT_EQ(plant.slots, expected_slots(row.rate, kCost * row.cost_factor))
        << row.name << plant.story();
  }
}

TEST(AutoscalerStory, StepsEveryTwentySecondsCauseNoOscillation) {
  const auto load = [](double t) { return std::fmod(t, 40) < 20 ? 20'000.0 : 120'000.0; };
  for (const double noise : {0.0, 0.05}) {
    Plant plant({.noise = noise}, policy_with(10), 1, 7);
    plant.run(240, load);
    int ups = 0, downs = 0;
    for (const Plant::Change& one : plant.changes) {
      const bool high = std::fmod(one.at - 1, 40) >= 20;  // the second that ended at `at`
      EXPECT_EQ(one.to > one.from, high) << "against the load at " << one.at << plant.story();
      (one.to > one.from ? ups : downs)++;
    }
    EXPECT_GE(ups, 5) << plant.story();
    EXPECT_GE(downs, 4) << plant.story();
    EXPECT_LE(plant.changes.size(), 40u) << plant.story();
    EXPECT_GE(plant.sizes[79], expected_slots(120'000))
        << "grown before the step ends" << plant.story();
    EXPECT_GT(plant.sizes[39], 3) << "grown within the first minute" << plant.story();
    EXPECT_LT(plant.sizes[58], plant.sizes[39])
        << "shrunk within the first minute" << plant.story();
  }
}

TEST(AutoscalerStory, AConstantNoisyLoadCausesNoRescaleAfterConvergence) {
  for (double needs = 1.6; needs < 4.2; needs += 0.2) {
    const double rate = needs * 0.7 / kCost;
    Plant plant({.noise = 0.2}, {}, 1, 42);
    plant.run(600, constant(rate));
    const std::size_t before = plant.changes.size();
    plant.run(1800, constant(rate));
    EXPECT_EQ(plant.changes.size(), before)
        << "needs " << needs << ", seed 42" << plant.story().substr(0, 2000);
  }
}

TEST(AutoscalerStory, ABacklogIsWorkedOffAndThenGivenBack) {
  Plant plant({}, policy_with(10), 2);
  plant.backlog = 5'000'000;
  plant.run(30, constant(40'000));
  EXPECT_GE(plant.slots, expected_slots(40'000 + 5'000'000 / 120.0) - 1) << plant.story();
  plant.run(600, constant(40'000));
  EXPECT_LT(plant.backlog, 40'000 * 30) << plant.story();
  plant.run(600, constant(40'000));
  EXPECT_EQ(plant.slots, expected_slots(40'000)) << plant.story();
}

TEST(AutoscalerStory, ARampIsFollowedUpwardsOnly) {
  Plant plant({}, policy_with(60), 1);
  plant.run(300, [](double t) { return 10'000 + 400 * t; });
  for (const Plant::Change& one : plant.changes) EXPECT_GT(one.to, one.from) << plant.story();
  EXPECT_GE(plant.slots, expected_slots(125'000)) << plant.story();
  EXPECT_LT(plant.backlog, 130'000) << plant.story();
}

TEST(AutoscalerStory, ASawtoothFasterThanTheWindowKeepsThePeaksSize) {
  Plant plant({}, policy_with(60), 1);
  const auto load = [](double t) { return 20'000 + 5'000 * std::fmod(t, 20); };
  plant.run(120, load);
  const std::size_t before = plant.changes.size();
  plant.run(600, load);
  EXPECT_EQ(plant.changes.size(), before) << plant.story();
}

TEST(AutoscalerStory, WithoutKnownLagItGrowsByWhatIsBusyAndNeverShrinks) {
  Plant plant({.knows_lag = false}, policy_with(10), 2);
  plant.run(120, constant(120'000));
  EXPECT_GE(plant.slots, expected_slots(120'000)) << plant.story();
  const std::int32_t grown = plant.slots;
  plant.run(300, constant(5'000));
  EXPECT_EQ(plant.slots, grown) << plant.story();
  EXPECT_EQ(plant.last.reason, "LoadUnknown") << plant.story();
  ASSERT_FALSE(plant.last.load.unknown.empty());
  EXPECT_EQ(plant.last.load.unknown[0], "source: lag");
}

}  // namespace
}  // namespace penstock
