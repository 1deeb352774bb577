#include "controllers/autoscaler/autoscaler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr Millis kNow = 1'000'000;

struct Facts {
  double rate = 10'000;  // rows per second read
  double busy = 0.5;     // seconds per second, each subtask
  std::optional<double> behind = 0.0;
  std::uint32_t slots = 2;
  double skew = 1;  // of the first subtask against the others
  const char* phase = "Running";
  int seconds = 20;                   // of reports, one a second
  Millis age = 0;                     // of the newest
  std::uint64_t table_change_at = 0;  // seconds before the end
};

ScalingHistory history_of(const Facts& facts) {
  ScalingHistory history;
  for (int s = facts.seconds; s >= 0; --s) {
    const double t = facts.seconds - s;
    api::JobReport report{.phase = facts.phase,
                          .at = kNow - facts.age - s * 1000,
                          .wanted = facts.slots,
                          .running = facts.slots};
    report.table_version = facts.table_change_at > static_cast<std::uint64_t>(s) ? 2 : 1;
    api::ChainReport chain{.name = "chain", .source = true, .parallelism = facts.slots};
    if (facts.behind) chain.behind = static_cast<std::uint64_t>(*facts.behind);
    for (std::uint32_t i = 0; i < facts.slots; ++i) {
      const double factor = i == 0 ? facts.skew : 1;
      chain.subtasks.push_back(
          {.index = i,
           .rows_in = static_cast<std::uint64_t>(t * facts.rate / facts.slots * factor),
           .busy_nanos = static_cast<std::uint64_t>(t * facts.busy * factor * 1e9)});
    }
    report.chains = {chain};
    history = remember(std::move(history), report, {});
  }
  return history;
}

struct Case {
  const char* name;
  Facts facts{};
  void (*change)(api::ScalingPolicySpec&) = [](api::ScalingPolicySpec&) {};
  std::int32_t expect = 2;
  const char* reason = "";
};

class Decide : public testing::TestWithParam<Case> {};

TEST_P(Decide, Table) {
  const Case& row = GetParam();
  api::ScalingPolicySpec policy;
  policy.behavior.scale_down.stabilization_window_seconds = 0;
  policy.behavior.scale_down.policies = {{api::PolicyType::kPercent, 100, 15}};
  row.change(policy);
  const auto current = static_cast<std::int32_t>(row.facts.slots);
  const ScalingStep step =
      decide_scaling(history_of(row.facts), policy, {.current = current}, kNow);
  EXPECT_EQ(step.decision.slots, row.expect) << step.decision.message;
  EXPECT_EQ(step.decision.reason, row.reason) << step.decision.message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Decide,
    testing::Values(
        Case{.name = "OnTarget", .facts = {.busy = 0.65}, .expect = 2, .reason = "OnTarget"},
        Case{.name = "GrowsByTheFormula",
             .facts = {.busy = 0.95},
             .expect = 3,
             .reason = "Overloaded"},
        Case{.name = "ShrinksByTheFormula",
             .facts = {.busy = 0.15, .slots = 4},
             .expect = 1,
             .reason = "Underloaded"},
        Case{.name = "ToleratesATenth",
             .facts = {.busy = 0.75},
             .expect = 2,
             .reason = "WithinTolerance"},
        Case{.name = "DoesNotToleratesMore",
             .facts = {.busy = 0.79},
             .expect = 3,
             .reason = "Overloaded"},
        Case{.name = "LeavesRoomBelow",
             .facts = {.busy = 0.45, .slots = 3},
             .expect = 3,
             .reason = "NoRoomBelow"},
        Case{.name = "StopsAtTheMaximum",
             .facts = {.busy = 0.95},
             .change = [](api::ScalingPolicySpec& p) { p.max_parallelism = 2; },
             .expect = 2,
             .reason = "AtMaximum"},
        Case{.name = "StopsAtTheMinimum",
             .facts = {.busy = 0.1, .slots = 4},
             .change = [](api::ScalingPolicySpec& p) { p.min_parallelism = 3; },
             .expect = 3,
             .reason = "AtMinimum"},
        Case{.name = "BoundsHoldWithoutAnyLoad",
             .facts = {.slots = 4, .seconds = 0},
             .change = [](api::ScalingPolicySpec& p) { p.max_parallelism = 3; },
             .expect = 3,
             .reason = "AtMaximum"},
        Case{.name = "OffDoesNothing",
             .facts = {.busy = 0.95},
             .change = [](api::ScalingPolicySpec& p) { p.mode = api::ScalingMode::kOff; },
             .expect = 2,
             .reason = "Off"},
        Case{.name = "WaitsForAThirdOfTheWindow",
             .facts = {.busy = 0.95, .seconds = 3},
             .expect = 2,
             .reason = "WindowTooShort"},
        Case{.name = "StartsAnewAfterARescale",
             .facts = {.busy = 0.95, .table_change_at = 4},
             .expect = 2,
             .reason = "WindowTooShort"},
        Case{.name = "OldReportsAreNoReports",
             .facts = {.busy = 0.05, .age = 16'000},
             .expect = 2,
             .reason = "LoadUnknown"},
        Case{.name = "ARestartingEngineIsLeftAlone",
             .facts = {.busy = 0.05, .phase = "Restarting"},
             .expect = 2,
             .reason = "NotSteady"},
        Case{.name = "UnknownLagNeverShrinks",
             .facts = {.busy = 0.05, .behind = std::nullopt, .slots = 4},
             .expect = 4,
             .reason = "LoadUnknown"},
        Case{.name = "NoRowsThoughManyWaitIsUnknown",
             .facts = {.rate = 0, .busy = 0, .behind = 1e6, .slots = 4},
             .expect = 4,
             .reason = "LoadUnknown"},
        Case{.name = "NoInputAtAllShrinks",
             .facts = {.rate = 0, .busy = 0, .slots = 4},
             .expect = 1,
             .reason = "Underloaded"},
        Case{.name = "LagAboveMaxLagDoesNotShrink",
             .facts = {.busy = 0.02, .behind = 310'000.0, .slots = 4},
             .expect = 4,
             .reason = "LagTooHigh"},
        Case{.name = "ABusySlotDoesNotShrink",
             .facts = {.rate = 1'000, .busy = 0.1, .slots = 4, .skew = 8},
             .expect = 4,
             .reason = "BusierThanTarget"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(DecideScaling, RecordsWhatItSaw) {
  const Facts facts{.rate = 10'000, .busy = 0.95, .behind = 12'000.0};
  const ScalingDecision decision =
      decide_scaling(history_of(facts), {}, {.current = 2}, kNow).decision;
  ASSERT_EQ(decision.load.chains.size(), 1u);
  const ChainLoad& chain = decision.load.chains[0];
  EXPECT_NEAR(*chain.true_rate, 10'000 / 1.9, 5);
  EXPECT_NEAR(*chain.demand, 10'000 + 12'000 / 120.0, 1);
  EXPECT_NEAR(*chain.busy, 0.95, 0.01);
  EXPECT_EQ(decision.raw, 3);
  EXPECT_NEAR(*decision.load.lag_seconds, 1.2, 0.01);
  EXPECT_THAT(decision.message, testing::HasSubstr("2 slots to 3"));
}

TEST(DecideScaling, ASizeThatSomebodyElseChangedCountsAgainstTheRates) {
  api::ScalingPolicySpec policy;
  policy.behavior.scale_up.policies = {{api::PolicyType::kPods, 2, 60}};
  ScalingStep step =
      decide_scaling(history_of({.busy = 0.65, .slots = 2}), policy, {.current = 2}, kNow - 5'000);
  step.history.samples = history_of({.busy = 1.0, .slots = 4}).samples;
  step = decide_scaling(std::move(step.history), policy, {.current = 4}, kNow);
  EXPECT_EQ(step.decision.slots, 4);
  EXPECT_EQ(step.decision.reason, "RateLimited");
}

TEST(Measure, CarriesDemandThroughMeasuredRatios) {
  std::vector<LoadSample> samples;
  for (int t = 0; t <= 15; ++t) {
    const auto n = [&](double per_second) { return static_cast<std::uint64_t>(per_second * t); };
    LoadSample sample{.at = t * 1000, .running = 1, .steady = true};
    // The source reads 1000/s of 2000/s; a filter passes a tenth of it; two consumers read that.
    sample.chains = {
        {.name = "source",
         .source = true,
         .behind = n(1000),
         .subtasks = {{n(1000), n(100), n(5e8), 0}}},
        {.name = "a", .inputs = {0}, .subtasks = {{n(100), n(10), n(1e8), 0}}},
        {.name = "b", .inputs = {0}, .subtasks = {{n(100), 0, n(2e8), 0}}},
        {.name = "both", .inputs = {1, 0}, .subtasks = {{n(110), 0, n(1e8), 0}}},
    };
    samples.push_back(sample);
  }
  const JobLoad load = measure(samples, {.catch_up = std::chrono::hours(100)});
  EXPECT_NEAR(*load.chains[0].demand, 2000, 1);
  EXPECT_NEAR(*load.chains[1].demand, 200, 1);
  EXPECT_NEAR(*load.chains[2].demand, 200, 1);
  EXPECT_NEAR(*load.chains[3].demand, 220, 1);
  EXPECT_NEAR(*load.busy_slots, 2 * 0.9, 0.01);
  EXPECT_TRUE(load.unknown.empty());
}

TEST(Measure, TakesTheBusiestSubtaskForTheTrueRate) {
  std::vector<LoadSample> samples;
  for (int t = 0; t <= 15; ++t) {
    const auto n = [&](double per_second) { return static_cast<std::uint64_t>(per_second * t); };
    samples.push_back(
        {.at = t * 1000,
         .running = 2,
         .steady = true,
         .chains = {{.name = "source",
                     .source = true,
                     .behind = 0,
                     .subtasks = {{n(1000), 0, n(1e8), 0}, {n(3000), 0, n(9e8), 0}}}}});
  }
  const JobLoad load = measure(samples, {});
  EXPECT_NEAR(*load.chains[0].true_rate, 3000 / 0.9, 1);
  EXPECT_NEAR(*load.busiest_slot, 0.9, 0.01);
}

TEST(Remember, KeepsTheWindowAndOneBefore) {
  const ScalingHistory history = history_of({.seconds = 100});
  EXPECT_EQ(history.samples.size(), 16u);
  api::JobReport old{.at = kNow - 50'000};
  EXPECT_EQ(remember(history, old, {}), history);
}

}  // namespace
}  // namespace penstock
