#include "operator/reconcilers/stream_job_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/reconcilers/world.h"

namespace penstock {
namespace {

using testing::HasSubstr;

std::uint64_t writes(const k8s::RequestCounts& counts) {
  std::uint64_t total = 0;
  for (const auto& [what, count] : counts) {
    const bool reads = what.first == "list" || what.first == "get" || what.first == "watch";
    const bool event = what.second == "events";
    if (!reads && !event) total += count;
  }
  return total;
}

TEST(StreamJobReconciler, BringsAJobFromNothingToRunning) {
  World world;
  world.create_job();
  world.start_job();
  const api::StreamJob job = world.job();
  EXPECT_EQ(job.status.phase, api::Phase::kRunning);
  EXPECT_EQ(job.status.parallelism.running, 2);
  EXPECT_EQ(job.status.observed_generation, job.metadata.generation);
  EXPECT_THAT(job.metadata.finalizers, testing::Contains(std::string(api::kFinalizer)));
  EXPECT_EQ(world.api.count(k8s::pods()), 1u);
  EXPECT_EQ(world.api.count(k8s::config_maps()), 1u);
  EXPECT_EQ(world.engines.target(world.engine())->address, "127.0.0.9:7070");
  EXPECT_EQ(world.engines.target(world.engine())->server_name,
            job.metadata.uid + ".engine.penstock.dev");
  const api::Condition* ready = api::find_condition(job.status.conditions, "Ready");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, api::Truth::kTrue) << ready->message;
}

TEST(StreamJobReconciler, AProcessHasACertificateThatNamesItsJobAndOutlivesItsPods) {
  World world;
  world.create_job();
  world.start_job();
  const std::string name = certificate_name(world.job(), world.context.installation);
  const Json secret = Json::parse(world.api.find(k8s::secrets(), {"team", name}));
  EXPECT_EQ(secret["stringData"]["tls.crt"], world.uid() + ".engine.penstock.dev");
  EXPECT_EQ(secret["metadata"]["ownerReferences"][0]["uid"], world.uid());
  const Json pod = Json::parse(world.api.find(k8s::pods(), {"team", "flights-1"}));
  EXPECT_EQ(pod["spec"]["volumes"][1]["secret"]["secretName"], name);

  world.change_spec({{"restartNonce", 1}});
  world.settle();
  EXPECT_GT(world.job().status.counters.pods, 1);
  EXPECT_EQ(world.api.count(k8s::secrets()), 1u);
}

TEST(StreamJobReconciler, ActsOnNothingUntilTheCacheShowsItsOwnWrites) {
  World world;
  world.create_job();
  world.sync();
  ASSERT_TRUE(world.look());
  const auto after_first = writes(world.memory.counts());
  EXPECT_GT(after_first, 0u);
  const auto again = world.look();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, NextLook(50ms));
  EXPECT_EQ(writes(world.memory.counts()), after_first);
}

TEST(StreamJobReconciler, ARescaleIsOrderedOnceWithItsReasonAndSeen) {
  World world;
  world.create_job();
  world.start_job();
  world.change_spec({{"parallelism", 4}});
  world.settle(6);
  const auto orders = world.engines.orders(world.engine());
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(std::get<EngineOrder::Rescale>(orders[0].what).parallelism, 4u);
  EXPECT_GT(orders[0].decision, 0u);
  EXPECT_EQ(world.job().status.parallelism.running, 4);
  EXPECT_EQ(world.job().status.phase, api::Phase::kRunning);
  ASSERT_TRUE(world.job().status.last_scale);
  EXPECT_EQ(world.job().status.last_scale->to, 4);
}

TEST(StreamJobReconciler, ANewImageMovesTheJobToASuccessorThatFollowed) {
  World world;
  world.create_job();
  world.start_job();
  const std::string before = world.engine();
  world.change_spec({{"image", "penstock:2"}});
  world.settle(4);
  ASSERT_TRUE(world.job().status.successor);
  EXPECT_EQ(world.job().status.phase, api::Phase::kMoving);
  EXPECT_EQ(world.job().status.pods.desired, 2);
  const Json pod = Json::parse(world.api.find(k8s::pods(), {"team", "flights-2"}));
  EXPECT_EQ(pod["spec"]["containers"][0]["image"], "penstock:2");
  EXPECT_EQ(world.engines.orders(before).size(), 0u);

  world.report_following(2);
  world.settle(6);
  ASSERT_EQ(world.engines.orders(before).size(), 1u);
  EXPECT_TRUE(std::holds_alternative<EngineOrder::HandOver>(world.engines.orders(before)[0].what));
  const api::StreamJob job = world.job();
  EXPECT_EQ(job.status.phase, api::Phase::kRunning);
  EXPECT_EQ(job.status.active, 2);
  EXPECT_FALSE(job.status.successor);
  EXPECT_EQ(world.api.count(k8s::pods()), 1u);
  ASSERT_TRUE(job.status.last_move);
  EXPECT_EQ(job.status.last_move->from, "flights-1");
  EXPECT_EQ(job.status.last_move->to, "flights-2");
  EXPECT_EQ(job.status.last_move->reason, "NewVersion");
  EXPECT_EQ(job.status.last_move->pause_ms, 40);
  EXPECT_EQ(job.status.versions.front().image, "penstock:2");
}

TEST(StreamJobReconciler, AStandbyTakesOverAtOnceWhenTheActivePodIsGone) {
  World world;
  world.create_job({{"standby", true}});
  world.start_job();
  world.settle(2);
  ASSERT_TRUE(world.job().status.successor);
  EXPECT_EQ(world.job().status.successor->role, api::SuccessorRole::kStandby);
  world.report_following(2);
  world.settle(2);
  EXPECT_TRUE(world.engines.orders(world.engine(2)).empty());
  world.api.remove(k8s::pods(), {"team", "flights-1"});
  world.settle(4);
  const auto orders = world.engines.orders(world.engine(2));
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_TRUE(std::get<EngineOrder::TakeOver>(orders[0].what).now);
  EXPECT_EQ(world.job().status.active, 2);
  EXPECT_EQ(world.job().status.last_move->reason, "ProcessLost");
  EXPECT_EQ(world.job().status.successor->pod, 3);  // the next standby
}

TEST(StreamJobReconciler, ACordonedNodeIsLeft) {
  World world;
  world.api.put(k8s::nodes(), R"({"metadata":{"name":"n1"},"spec":{}})");
  world.create_job();
  world.start_job();
  Json pod = Json::parse(world.api.find(k8s::pods(), {"team", "flights-1"}));
  pod["spec"]["nodeName"] = "n1";
  world.api.put(k8s::pods(), pod.dump());
  world.settle(2);
  EXPECT_FALSE(world.job().status.successor);
  world.api.put(k8s::nodes(), R"({"metadata":{"name":"n1"},"spec":{"unschedulable":true}})");
  world.settle(2);
  ASSERT_TRUE(world.job().status.successor);
  EXPECT_EQ(world.job().status.successor->reason, "NodeCordoned");
}

TEST(StreamJobReconciler, APolicyThatIsNotThereIsNamedUntilItIs) {
  World world;
  world.create_job({{"scaling", {{"policyRef", {{"name", "quick"}}}}}});
  world.start_job();
  const auto active = [&] {
    const api::StreamJob job = world.job();
    const api::Condition* found = api::find_condition(job.status.conditions, "ScalingActive");
    return found ? found->reason + ": " + found->message : std::string();
  };
  EXPECT_THAT(active(), testing::StartsWith("PolicyNotFound: there is no ScalingPolicy quick in "
                                            "namespace team"));
  world.api.put(k8s::scaling_policies(),
                R"({"metadata":{"namespace":"team","name":"quick"},"spec":{"mode":"Off"}})");
  world.settle(2);
  EXPECT_THAT(active(), testing::StartsWith("ModeOff: "));
}

TEST(StreamJobReconciler, AFailedOrderIsGivenAgainAsAnotherOne) {
  World world;
  world.create_job();
  world.start_job();
  FakeEngineClient& engines = world.engines;
  world.change_spec({{"parallelism", 4}});
  world.settle(1);
  world.sync();
  for (int i = 0; i < 3 && engines.orders(world.engine()).empty(); ++i) world.settle(1);
  ASSERT_EQ(engines.orders(world.engine()).size(), 1u);
  const std::string first = engines.orders(world.engine())[0].id;
  engines.end_order(world.engine(), first,
                    {OrderOutcome::State::kFailed, Error{Code::kUnavailable, "busy"}, {}});
  world.report(2);
  world.sync();
  const auto failed = world.look();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kUnavailable);
  world.settle(4);
  ASSERT_EQ(engines.orders(world.engine()).size(), 2u);
  EXPECT_NE(engines.orders(world.engine())[1].id, first);
  EXPECT_EQ(world.job().status.parallelism.running, 4);
}

TEST(StreamJobReconciler, NothingHappensToAJobWhoseEngineIsUnknown) {
  World world;
  world.create_job();
  world.start_job();
  world.engines.lose(world.engine(), "no answer");
  world.change_spec({{"parallelism", 4}});
  world.settle();
  EXPECT_TRUE(world.engines.orders(world.engine()).empty());
  EXPECT_EQ(world.api.count(k8s::pods()), 1u);
  const api::StreamJob job = world.job();
  const api::Condition* ready = api::find_condition(job.status.conditions, "Ready");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->status, api::Truth::kUnknown);
  EXPECT_THAT(ready->message, HasSubstr("no answer since"));
}

TEST(StreamJobReconciler, WrongSqlIsRefusedWithItsPlaceAndNoPodIsMade) {
  World world;
  world.create_job({{"sql", "SELEC 1"}});
  world.settle();
  EXPECT_EQ(world.api.count(k8s::pods()), 0u);
  const api::StreamJob job = world.job();
  const api::Condition* accepted = api::find_condition(job.status.conditions, "Accepted");
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->status, api::Truth::kFalse);
  EXPECT_THAT(accepted->message, HasSubstr("spec.sql"));
}

TEST(StreamJobReconciler, ADeletedJobTakesItsPodsAndThenGoes) {
  World world;
  world.create_job();
  world.start_job();
  world.api.remove(k8s::stream_jobs(), {"team", "flights"});
  world.settle();
  EXPECT_TRUE(world.gone());
  EXPECT_EQ(world.api.count(k8s::pods()), 0u);
  EXPECT_EQ(world.api.count(k8s::config_maps()), 0u);
}

TEST(StreamJobReconciler, ASuspendedJobStopsWithASavepointAndResumesFromIt) {
  World world;
  world.create_job();
  world.start_job();
  world.change_spec({{"state", "Suspended"}});
  world.settle();
  EXPECT_EQ(world.job().status.phase, api::Phase::kSuspended);
  EXPECT_EQ(world.api.count(k8s::pods()), 0u);
  const std::string savepoint = world.job().status.savepoint;
  EXPECT_FALSE(savepoint.empty());
  world.change_spec({{"state", "Running"}});
  world.settle();
  world.report(2);
  world.settle(3);
  EXPECT_EQ(world.job().status.phase, api::Phase::kRunning);
  const std::string pod = world.stores.pods.all().at(0).text();
  EXPECT_THAT(pod, HasSubstr(savepoint));
}

TEST(StreamJobReconciler, APodOfThatNameThatIsNotOursIsInTheWay) {
  World world;
  world.api.put(k8s::pods(), R"({"metadata":{"namespace":"team","name":"flights-1"},
      "spec":{"containers":[{"name":"x"}]}})");
  world.create_job();
  Result<NextLook> last = NextLook();
  for (int i = 0; i < 8; ++i) {
    world.sync();
    last = world.look();
    if (!last) break;
    world.clock.advance(1s);
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, Code::kInvalid);
  EXPECT_THAT(last.error().message, HasSubstr("flights-1 is there and is not this job's"));
}

TEST(StreamJobReconciler, ACalmMinuteCostsStatusRefreshesOnly) {
  World world;
  world.create_job();
  world.start_job();
  world.settle(15);
  const k8s::RequestCounts before = world.memory.counts();
  for (int second = 0; second < 60; ++second) {
    world.report(2);
    world.sync();
    ASSERT_TRUE(world.look());
    world.clock.advance(1s);
  }
  const k8s::RequestCounts after = world.memory.counts();
  std::uint64_t others = 0, refreshes = 0;
  for (const auto& [what, count] : after) {
    const auto known = before.find(what);
    const std::uint64_t more = count - (known == before.end() ? 0 : known->second);
    if (what.first == "list") continue;  // of the test's own sync()
    (what == std::pair<std::string, std::string>{"update", "streamjobs/status"} ? refreshes
                                                                                : others) += more;
  }
  EXPECT_EQ(others, 0u);
  EXPECT_LE(refreshes, 7u);
  EXPECT_GE(refreshes, 5u);
}

TEST(StreamJobReconciler, AStepThatIsRefusedIsAnEventThatNamesTheWayOut) {
  World world;
  world.api.forbid("POST", k8s::pods());
  world.create_job();
  world.settle();
  EXPECT_EQ(world.api.count(k8s::pods()), 0u);
  world.events.flush();
  std::string all;
  for (const k8s::Object& event : world.api.objects(k8s::events()).items) all += event.text();
  EXPECT_THAT(all, HasSubstr("CreatePod flights-1: "));
  EXPECT_THAT(all, HasSubstr("cannot POST pods; grant that to the account that asks (RBAC)"));
}

TEST(StreamJobReconciler, PublishesItsJobsAsMetrics) {
  World world;
  world.create_job();
  world.start_job();
  EXPECT_THAT(world.metrics.text(),
              HasSubstr(R"(penstock_job_slots_running{name="flights",namespace="team"} 2)"));
  EXPECT_THAT(world.metrics.text(), HasSubstr(R"(penstock_operator_jobs{phase="Running"} 1)"));
}

}  // namespace
}  // namespace penstock
