#include "controllers/lifecycle/soak.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

constexpr Millis kStart = 1'000'000;

// Ran for 40 s, with a checkpoint.
Soak good() {
  api::JobReport report{.phase = "Running", .started_at = kStart};
  report.checkpoints = {.completed = 3, .last_id = 9, .last_at = kStart + 35'000};
  return {.trial = {.hash = "h", .since = {kStart}}, .report = report, .now = kStart + 40'000};
}

struct SoakCase {
  const char* name;
  void (*change)(Soak&);
  SoakVerdict::State expect;
  const char* reason = "";
};
using S = SoakVerdict::State;

const SoakCase kCases[] = {
    {"IsGoodAfterStableAfter", [](Soak&) {}, S::kGood},
    {"WaitsForStableAfter", [](Soak& it) { it.upgrade.stable_after = std::chrono::minutes(1); },
     S::kOnTrial},
    {"CountsFromTheLastStartOfTheProcess",
     [](Soak& it) { it.report->started_at = kStart + 20'000; }, S::kOnTrial},
    {"CountsFromTheLastFailureInside",
     [](Soak& it) { it.report->failures = {{kStart + 20'000, "sum", "divided by zero"}}; },
     S::kOnTrial},
    {"CountsFromTheLastRestartOutside", [](Soak& it) { it.last_restart = kStart + 20'000; },
     S::kOnTrial},
    {"WaitsForACheckpointOfItsOwn",
     [](Soak& it) { it.report->checkpoints = {.last_id = 9, .last_at = kStart - 1}; }, S::kOnTrial},
    {"NeedsNoCheckpointWithoutStorage",
     [](Soak& it) {
       it.report->checkpoints = {};
       it.has_storage = false;
     },
     S::kGood},
    {"IsUnknownWhileTheEngineDoesNotAnswer", [](Soak& it) { it.report.reset(); }, S::kOnTrial},
    {"IsNotGoodWhileItRestarts", [](Soak& it) { it.report->phase = "Restarting"; }, S::kOnTrial},
    {"IsBadWhenItFails",
     [](Soak& it) { it.ending = api::EndingReport{api::EndingKind::kFailed, "CannotHeal", "x"}; },
     S::kBad, "CannotHeal"},
    {"IsNotBadWhenItFinishes",
     [](Soak& it) {
       it.report.reset();
       it.ending = api::EndingReport{api::EndingKind::kFinished, "InputEnded", ""};
     },
     S::kOnTrial},
    {"MayWaitForANodeOrAnImageForAWhile",
     [](Soak& it) {
       it.report.reset();
       it.trouble = "no such image";
     },
     S::kOnTrial},
    {"IsBadWhenItDoesNotStart",
     [](Soak& it) {
       it.report.reset();
       it.trouble = "no such image";
       it.now = kStart + 130'000;
     },
     S::kBad, "CannotStart"},
    {"MayRestartTwice", [](Soak& it) { it.restarts = 2; }, S::kGood},
    {"IsBadWhenItRestartsThreeTimes", [](Soak& it) { it.restarts = 3; }, S::kBad,
     "RestartsTooOften"},
    {"IsBadWhenItsCheckpointsFail",
     [](Soak& it) { it.report->checkpoints = {.failed = 4, .last_error = "disk full"}; }, S::kBad,
     "CheckpointsFail"},
    {"IsBadWhenNoCheckpointIsComplete",
     [](Soak& it) {
       it.report->checkpoints = {};
       it.now = kStart + 95'000;
     },
     S::kBad, "NoCheckpoint"},
    {"IsBadWhenItFallsBehind",
     [](Soak& it) {
       it.trial.rate = 1000;
       it.trial.lag = 100;
       it.rate = 300;
       it.lag = 40'000;
     },
     S::kBad, "FallsBehind"},
    {"MayBeBehindWhileItCatchesUp",
     [](Soak& it) {
       it.trial.rate = 1000;
       it.trial.lag = 100;
       it.rate = 2000;
       it.lag = 40'000;
     },
     S::kGood},
    {"MayReadLittleWhenThereIsLittle",
     [](Soak& it) {
       it.trial.rate = 1000;
       it.trial.lag = 100;
       it.rate = 1;
       it.lag = 0;
     },
     S::kGood},
};

class JudgeSoak : public testing::TestWithParam<SoakCase> {};

TEST_P(JudgeSoak, Says) {
  Soak soak = good();
  GetParam().change(soak);
  const SoakVerdict verdict = judge_soak(soak);
  EXPECT_EQ(verdict.state, GetParam().expect) << verdict.reason << ": " << verdict.message;
  EXPECT_EQ(verdict.reason, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(Table, JudgeSoak, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace penstock
