#include "operator/process_runner/pod_plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace penstock {
namespace {

using Action = PodPlan::Action;
using Json = nlohmann::json;

ContainerFacts running(Millis since) {
  return {.state = ContainerFacts::State::kRunning, .pid = 7, .started_at = since};
}
ContainerFacts ended(int code, Millis from, Millis to) {
  return {.state = ContainerFacts::State::kExited,
          .pid = 7,
          .started_at = from,
          .exit = {.code = code, .started_at = from, .finished_at = to}};
}

struct PlanCase {
  const char* name;
  PodView pod{.container = "penstock", .image = "penstock", .restart_policy = "OnFailure"};
  PodFacts facts{};
  bool image_is_known = true;
  Millis now = 1'000'000;
  Action action = Action::kNothing;
  const char* phase = "Running";
  bool ready = false;
  const char* waiting = "";
  std::optional<Millis> wake_at{};
};

PodView with(PodView pod, auto change) {
  change(pod);
  return pod;
}

const PodView kPod{.container = "penstock",
                   .image = "penstock",
                   .restart_policy = "OnFailure",
                   .phase = "Running"};

class PlanPod : public testing::TestWithParam<PlanCase> {};

TEST_P(PlanPod, Decides) {
  const PlanCase& row = GetParam();
  const PodPlan plan = plan_pod(row.pod, row.facts, row.image_is_known, row.now);
  const Json status = Json::parse(plan.status_json);
  EXPECT_EQ(plan.action, row.action) << plan.reason;
  EXPECT_EQ(status["phase"], row.phase);
  EXPECT_EQ(status["containerStatuses"][0]["ready"], row.ready);
  EXPECT_EQ(status["containerStatuses"][0]["state"].value("/waiting/reason"_json_pointer, ""),
            row.waiting);
  EXPECT_EQ(plan.wake_at, row.wake_at);
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlanPod,
    testing::Values(
        PlanCase{.name = "StartsANewPod",
                 .action = Action::kStart,
                 .phase = "Pending",
                 .waiting = "ContainerCreating"},
        PlanCase{.name = "CannotPullAnotherImage",
                 .image_is_known = false,
                 .phase = "Pending",
                 .waiting = "ErrImagePull"},
        PlanCase{.name = "RunningWithoutAProbeIsReady",
                 .pod = kPod,
                 .facts = {.attempts = {running(5000)}},
                 .ready = true},
        PlanCase{.name = "RunningIsReadyOnceItsProbeSaysSo",
                 .pod = with(kPod,
                             [](PodView& pod) {
                               pod.readiness = Probe{.port = 80, .period_seconds = 2};
                             }),
                 .facts = {.attempts = {running(5000)},
                           .probes = {.readiness = {.ready = true, .last_at = 999'000}}},
                 .ready = true,
                 .wake_at = 1'001'000},
        PlanCase{
            .name = "AProbeInFlightIsNotWaitedForByTheClock",
            .pod = with(kPod, [](PodView& pod) { pod.readiness = Probe{}; }),
            .facts = {.attempts = {running(5000)}, .probes = {.readiness = {.in_flight = true}}}},
        PlanCase{.name = "AFailedLivenessProbeAsksForTheEnd",
                 .pod = with(kPod, [](PodView& pod) { pod.liveness = Probe{}; }),
                 .facts = {.attempts = {running(5000)}, .probes = {.liveness = {.failures = 3}}},
                 .action = Action::kTerminate,
                 .ready = true,
                 .wake_at = 1'030'000},
        PlanCase{.name = "AProbeMaySayHowLongTheEndMayTake",
                 .pod = with(kPod, [](PodView& pod) { pod.liveness = Probe{.grace_seconds = 1}; }),
                 .facts = {.attempts = {running(5000)},
                           .probes = {.liveness = {.failures = 3}},
                           .term_sent_at = 999'000},
                 .action = Action::kKill,
                 .ready = true,
                 .wake_at = 1'000'200},
        PlanCase{.name = "WhatAProbeEndedStartsAgainHoweverItEnded",
                 .pod = with(kPod, [](PodView& pod) { pod.liveness = Probe{}; }),
                 .facts = {.attempts = {ended(0, 5000, 1'000'000)},
                           .probes = {.liveness = {.failures = 3}}},
                 .action = Action::kStart},
        PlanCase{.name = "WhatAProbeEndedHasFailedWithNever",
                 .pod = with(kPod,
                             [](PodView& pod) {
                               pod.liveness = Probe{};
                               pod.restart_policy = "Never";
                             }),
                 .facts = {.attempts = {ended(143, 5000, 1'000'000)},
                           .probes = {.liveness = {.failures = 3}}},
                 .phase = "Failed"},
        PlanCase{.name = "TheOtherProbesWaitForTheStartupProbe",
                 .pod = with(kPod,
                             [](PodView& pod) {
                               pod.liveness = Probe{};
                               pod.startup = Probe{.initial_delay_seconds = 2000};
                             }),
                 .facts = {.attempts = {running(5000)}, .probes = {.liveness = {.failures = 3}}},
                 .wake_at = 2'005'000},
        PlanCase{.name = "ACleanEndSucceeds",
                 .pod = kPod,
                 .facts = {.attempts = {ended(0, 1000, 2000)}},
                 .phase = "Succeeded"},
        PlanCase{.name = "AFailureIsFinalWithNever",
                 .pod = with(kPod, [](PodView& pod) { pod.restart_policy = "Never"; }),
                 .facts = {.attempts = {ended(1, 1000, 2000)}},
                 .phase = "Failed"},
        PlanCase{.name = "TheFirstCrashRestartsAtOnce",
                 .pod = kPod,
                 .facts = {.attempts = {ended(1, 999'000, 1'000'000)}},
                 .action = Action::kStart},
        PlanCase{.name = "TheSecondCrashBacksOff",
                 .pod = kPod,
                 .facts = {.attempts = {ended(1, 998'000, 999'000), ended(1, 999'000, 1'000'000)}},
                 .waiting = "CrashLoopBackOff",
                 .wake_at = 1'010'000},
        PlanCase{.name = "AnEndedPodIsNotStartedAgain",
                 .pod = with(kPod, [](PodView& pod) { pod.phase = "Succeeded"; }),
                 .phase = "Succeeded"},
        PlanCase{.name = "ADeletedPodIsAskedToEnd",
                 .pod = with(kPod,
                             [](PodView& pod) {
                               pod.deleted_at = 1'030'000, pod.deletion_grace_seconds = 30;
                             }),
                 .facts = {.attempts = {running(5000)}},
                 .action = Action::kTerminate,
                 .ready = true,
                 .wake_at = 1'030'000},
        PlanCase{.name = "ADeletedPodIsKilledAfterItsGrace",
                 .pod = with(kPod,
                             [](PodView& pod) {
                               pod.deleted_at = 1'000'000, pod.deletion_grace_seconds = 30;
                             }),
                 .facts = {.attempts = {running(5000)}, .term_sent_at = 970'000},
                 .action = Action::kKill,
                 .ready = true,
                 .wake_at = 1'000'200},
        PlanCase{.name = "ADeletedPodGoesWhenNothingRuns",
                 .pod = with(kPod, [](PodView& pod) { pod.deleted_at = 1'030'000; }),
                 .facts = {.attempts = {ended(143, 5000, 999'000)}},
                 .action = Action::kForget},
        PlanCase{
            .name = "AStartThatFailedIsTriedAgainLater",
            .facts = {.start_error = "CreateContainerConfigError: configmap \"orders\" not found",
                      .start_failed_at = 999'000},
            .phase = "Pending",
            .waiting = "CreateContainerConfigError",
            .wake_at = 1'004'000}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(PlanPod, APodThatDoesNotFitWaitsAndSaysWhy) {
  PodFacts facts;
  facts.fit = fit_node({.millicpu = 4000, .bytes = 1 << 30}, {.millicpu = 3000, .bytes = 0},
                       {.millicpu = 2000, .bytes = 0});
  const PodPlan plan = plan_pod({.container = "penstock"}, facts, true, 1000);
  EXPECT_EQ(plan.action, Action::kNothing);
  const Json scheduled = Json::parse(plan.status_json)["conditions"].back();
  EXPECT_EQ(scheduled["reason"], "Unschedulable");
  EXPECT_EQ(scheduled["message"], "0/1 nodes are available: 1 Insufficient cpu.");
}

TEST(PlanPod, AResizeWithoutRoomKeepsWhatTheContainerHas) {
  PodView pod = kPod;
  pod.resources_json = R"({"requests": {"cpu": "9"}})";
  pod.accepted_json = R"({"requests": {"cpu": "1"}})";
  PodFacts facts{.attempts = {running(5000)}};
  facts.fit = fit_node({.millicpu = 4000}, {.millicpu = 0}, {.millicpu = 9000});
  const Json status = Json::parse(plan_pod(pod, facts, true, 6000).status_json);
  EXPECT_EQ(status["conditions"].back()["reason"], "Infeasible");
  EXPECT_EQ(status["containerStatuses"][0]["allocatedResources"]["cpu"], "1");
}

TEST(RestartDelay, DoublesUpToFiveMinutesAndForgetsAfterALongRun) {
  std::vector<ContainerFacts> attempts;
  std::vector<int> seconds;
  for (int i = 0; i < 8; ++i) {
    attempts.push_back(ended(1, 0, 1000));
    seconds.push_back(static_cast<int>(
        std::chrono::duration_cast<std::chrono::seconds>(restart_delay(attempts)).count()));
  }
  EXPECT_EQ(seconds, (std::vector<int>{0, 10, 20, 40, 80, 160, 300, 300}));
  attempts.push_back(ended(1, 0, 600'000));
  EXPECT_EQ(restart_delay(attempts), Duration(0));
}

TEST(FreePodIp, DiffersBetweenPodsAndBetweenControlPlanes) {
  std::set<std::string> taken;
  for (int i = 0; i < 600; ++i) {
    const std::string ip = free_pod_ip("/srv/one", taken);
    EXPECT_TRUE(ip.starts_with("127.")) << ip;
    EXPECT_TRUE(taken.insert(ip).second) << ip;
  }
  for (const char* other : {"/srv/two", "/home/a/.penstock", "/home/b/.penstock"})
    EXPECT_FALSE(taken.contains(free_pod_ip(other, {}))) << other;
}

TEST(AfterProbe, NeedsItsThresholdsInARow) {
  const Probe probe{.success_threshold = 2, .failure_threshold = 2};
  ProbeState state;
  state = after_probe(state, probe, true, 1);
  EXPECT_FALSE(state.ready);
  state = after_probe(state, probe, true, 2);
  EXPECT_TRUE(state.ready);
  state = after_probe(state, probe, false, 3);
  EXPECT_TRUE(state.ready);
  state = after_probe(state, probe, true, 4);
  state = after_probe(state, probe, false, 5);
  EXPECT_TRUE(state.ready);
  state = after_probe(state, probe, false, 6);
  EXPECT_FALSE(state.ready);
}

}  // namespace
}  // namespace penstock
