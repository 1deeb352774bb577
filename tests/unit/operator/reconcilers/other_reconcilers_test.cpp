#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/operator/reconcilers/world.h"

namespace penstock {
namespace {

using testing::HasSubstr;

api::JobSnapshot snapshot_of(const World& world) {
  return *api::parse<api::JobSnapshot>(world.api.find(k8s::job_snapshots(), {"team", "before"}));
}

void create_snapshot(World& world) {
  world.api.put(k8s::job_snapshots(), R"({"metadata":{"namespace":"team","name":"before"},
      "spec":{"jobRef":{"name":"flights"}}})");
}

void look_at_snapshot(World& world, int times = 3) {
  for (int i = 0; i < times; ++i) {
    world.sync();
    ASSERT_TRUE(world.snapshots.reconcile("team/before"));
  }
}

TEST(JobSnapshotReconciler, WritesOneSavepointOfARunningJob) {
  World world;
  world.create_job();
  world.start_job();
  create_snapshot(world);
  look_at_snapshot(world, 5);
  const api::JobSnapshot snapshot = snapshot_of(world);
  EXPECT_EQ(snapshot.status.phase, api::SnapshotPhase::kCompleted);
  EXPECT_GT(snapshot.status.checkpoint_id, 0);
  EXPECT_EQ(snapshot.status.size_bytes, 10);
  EXPECT_THAT(snapshot.status.uri, HasSubstr("file:///checkpoints"));
  EXPECT_EQ(world.engines.orders(world.engine()).size(), 1u);
}

TEST(JobSnapshotReconciler, WaitsForAJobThatIsNotThereAndSaysSo) {
  World world;
  create_snapshot(world);
  look_at_snapshot(world);
  EXPECT_EQ(snapshot_of(world).status.phase, api::SnapshotPhase::kPending);
  EXPECT_EQ(snapshot_of(world).status.error.code, "JobNotFound");
}

std::vector<std::string> snapshot_names(World& world) {
  world.sync();
  std::vector<std::string> names;
  for (const k8s::Object& one : world.stores.snapshots.all()) names.push_back(one.key().name);
  return names;
}

void put_snapshot(World& world, const Json& spec, const Json& status = Json::object()) {
  Json all{{"jobRef", {{"name", "flights"}}}};
  all.merge_patch(spec);
  world.api.put(
      k8s::job_snapshots(),
      Json{{"metadata", {{"namespace", "team"}, {"name", "before"}}}, {"spec", all}}.dump());
  if (!status.empty()) {
    world.api.put_status(k8s::job_snapshots(), {"team", "before"}, status.dump());
  }
}

void delete_snapshot(World& world) {
  k8s::Request request{"DELETE", k8s::job_snapshots().path({"team", "before"}), "", ""};
  world.api.handle(request);
}

TEST(JobSnapshotReconciler, RetriesAFailureAfterAPauseAndCountsIt) {
  World world;
  FakeEngineClient stubborn(world.clock, false);
  world.create_job();
  world.start_job();
  put_snapshot(world, Json::object());
  ReconcileContext context{world.stores, world.reader, world.writer, stubborn, world.events,
                           world.clock,  {},           {},           {}};
  context.installation = world.context.installation;
  JobSnapshotReconciler snapshots{context};
  stubborn.follow(*world.engines.target(world.engine()), false);
  stubborn.report(world.engine(), *world.engines.view(world.engine()).report);
  const auto look = [&](int times = 3) {
    for (int i = 0; i < times; ++i) {
      world.sync();
      const auto looked = snapshots.reconcile("team/before");
      ASSERT_TRUE(looked) << looked.error().message;
    }
  };
  look();
  ASSERT_EQ(stubborn.orders(world.engine()).size(), 1u);
  stubborn.end_order(
      world.engine(), stubborn.orders(world.engine())[0].id,
      {.state = OrderOutcome::State::kFailed, .error = Error{Code::kUnavailable, "disk full"}});
  look();
  EXPECT_EQ(snapshot_of(world).status.failures, 1);
  EXPECT_EQ(stubborn.orders(world.engine()).size(), 1u) << "not at once";
  world.clock.advance(10s);
  look();
  ASSERT_EQ(stubborn.orders(world.engine()).size(), 2u);
  stubborn.end_order(world.engine(), stubborn.orders(world.engine())[1].id,
                     {.state = OrderOutcome::State::kDone, .checkpoint = {7}});
  look();
  EXPECT_EQ(snapshot_of(world).status.phase, api::SnapshotPhase::kCompleted);
  EXPECT_EQ(snapshot_of(world).status.checkpoint_id, 7);
  EXPECT_THAT(snapshot_of(world).status.uri, testing::EndsWith("-1"));
}

TEST(JobSnapshotReconciler, OrdersACheckpointForTheOtherType) {
  World world;
  world.create_job();
  world.start_job();
  put_snapshot(world, {{"type", "Checkpoint"}});
  look_at_snapshot(world, 4);
  EXPECT_EQ(snapshot_of(world).status.phase, api::SnapshotPhase::kCompleted);
  EXPECT_THAT(snapshot_of(world).status.uri, testing::EndsWith("#checkpoint-2"));
  ASSERT_EQ(world.engines.orders(world.engine()).size(), 1u);
  EXPECT_TRUE(std::holds_alternative<EngineOrder::Checkpoint>(
      world.engines.orders(world.engine())[0].what));
}

TEST(JobSnapshotReconciler, TheEngineDeletesTheFilesOfOneThatGoes) {
  World world;
  world.create_job();
  world.start_job();
  put_snapshot(world, {{"retain", "Delete"}});
  look_at_snapshot(world, 5);
  const std::string uri = snapshot_of(world).status.uri;
  ASSERT_FALSE(uri.empty());
  delete_snapshot(world);
  look_at_snapshot(world, 4);
  EXPECT_TRUE(world.api.find(k8s::job_snapshots(), {"team", "before"}).empty());
  const auto orders = world.engines.orders(world.engine());
  ASSERT_EQ(orders.size(), 2u);
  const auto* dispose = std::get_if<EngineOrder::Dispose>(&orders[1].what);
  ASSERT_TRUE(dispose);
  EXPECT_EQ(dispose->uri, uri);
}

TEST(JobSnapshotReconciler, TheOperatorDeletesThemWhereItReachesThem) {
  World world;
  std::vector<std::string> deleted;
  world.context.delete_checkpoints = [&](const std::string& uri) {
    deleted.push_back(uri);
    return ok();
  };
  world.create_job();
  world.start_job();
  put_snapshot(world, {{"retain", "Delete"}});
  look_at_snapshot(world, 5);
  const std::string uri = snapshot_of(world).status.uri;
  delete_snapshot(world);
  look_at_snapshot(world, 3);
  EXPECT_TRUE(world.api.find(k8s::job_snapshots(), {"team", "before"}).empty());
  EXPECT_THAT(deleted, testing::ElementsAre(uri));
}

// Whoever writes a status must not have the operator delete what he likes.
TEST(JobSnapshotReconciler, APlaceThatSomebodyWroteIntoStatusIsLeftToTheEngine) {
  World world;
  world.context.delete_checkpoints = [](const std::string& uri) {
    ADD_FAILURE() << "deleted " << uri;
    return ok();
  };
  world.create_job();
  world.start_job();
  put_snapshot(world, {{"retain", "Delete"}});
  look_at_snapshot(world, 5);
  Json status = Json::parse(world.api.find(k8s::job_snapshots(), {"team", "before"}))["status"];
  status["uri"] = "file:///etc";
  world.api.put_status(k8s::job_snapshots(), {"team", "before"}, status.dump());
  delete_snapshot(world);
  look_at_snapshot(world, 4);
  EXPECT_EQ(world.engines.orders(world.engine()).size(), 2u);
}

// Objects of the API in memory are of 2026.
void go_to_2026(World& world) { world.clock.advance(4 * 365 * 24h); }

void look_at_schedule(World& world, int times = 2) {
  for (int i = 0; i < times; ++i) {
    world.sync();
    ASSERT_TRUE(world.schedules.reconcile("team/flights"));
  }
}

TEST(SavepointScheduleReconciler, TakesAndExpiresThemByItself) {
  World world;
  go_to_2026(world);
  const Json savepoints{{"schedule", "* * * * *"}, {"keep", 2}};
  world.create_job({{"checkpoints", {{"savepoints", savepoints}}}});
  world.start_job();
  for (int minute = 0; minute < 5; ++minute) {
    look_at_schedule(world);
    for (int round = 0; round < 4; ++round)
      for (const std::string& name : snapshot_names(world))
        ASSERT_TRUE(world.snapshots.reconcile("team/" + name));
    world.clock.advance(60s);
    world.report(2);
  }
  look_at_schedule(world);
  // Each of the five and the one that was just made; the old ones wait for their files to go.
  EXPECT_EQ(snapshot_names(world).size(), 4u);
  for (int round = 0; round < 4; ++round)
    for (const std::string& name : snapshot_names(world))
      ASSERT_TRUE(world.snapshots.reconcile("team/" + name));
  look_at_schedule(world);
  for (int round = 0; round < 4; ++round)
    for (const std::string& name : snapshot_names(world))
      ASSERT_TRUE(world.snapshots.reconcile("team/" + name));
  EXPECT_EQ(snapshot_names(world).size(), 2u);
  int taken = 0, disposed = 0;
  for (const EngineOrder& order : world.engines.orders(world.engine())) {
    taken += std::holds_alternative<EngineOrder::Savepoint>(order.what) ? 1 : 0;
    disposed += std::holds_alternative<EngineOrder::Dispose>(order.what) ? 1 : 0;
  }
  EXPECT_EQ(taken, 6);
  EXPECT_EQ(disposed, 4);
}

TEST(SavepointScheduleReconciler, OneThatIsThereAlreadyIsItsOwnOrInTheWay) {
  World world;
  go_to_2026(world);
  world.create_job({{"checkpoints", {{"savepoints", {{"schedule", "* * * * *"}}}}}});
  world.start_job();
  look_at_schedule(world);
  ASSERT_EQ(snapshot_names(world).size(), 1u);
  // A cache that does not show it yet, in another process.
  SavepointScheduleReconciler other{world.context};
  world.stores.snapshots.replace("", {});
  EXPECT_TRUE(other.reconcile("team/flights"));
  EXPECT_EQ(snapshot_names(world).size(), 1u);

  const k8s::Object made = world.stores.snapshots.all().at(0);
  Json foreign = Json::parse(made.text());
  foreign["metadata"].erase("ownerReferences");
  World second;
  go_to_2026(second);
  second.create_job({{"checkpoints", {{"savepoints", {{"schedule", "* * * * *"}}}}}});
  second.start_job();
  second.api.put(k8s::job_snapshots(), foreign.dump());
  second.sync();
  const auto refused = second.schedules.reconcile("team/flights");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("is not this job's"));
}

TEST(ScalingPolicyReconciler, ListsItsJobsAndWritesOnlyWhenASizeChanges) {
  World world;
  world.api.put(k8s::scaling_policies(),
                R"({"metadata":{"namespace":"team","name":"day"},"spec":{"mode":"Off"}})");
  world.create_job({{"scaling", {{"policyRef", {{"name", "day"}}}}}});
  world.sync();
  ASSERT_TRUE(world.policies.reconcile("team/day"));
  const auto policy = [&] {
    return *api::parse<api::ScalingPolicy>(
        world.api.find(k8s::scaling_policies(), {"team", "day"}));
  };
  ASSERT_EQ(policy().status.jobs.size(), 1u);
  EXPECT_EQ(policy().status.jobs[0].name, "flights");
  EXPECT_EQ(policy().status.jobs[0].current, 2);
  const std::string version = policy().metadata.resource_version;
  world.sync();
  ASSERT_TRUE(world.policies.reconcile("team/day"));
  EXPECT_EQ(policy().metadata.resource_version, version);
  world.change_spec({{"parallelism", 3}});
  world.sync();
  ASSERT_TRUE(world.policies.reconcile("team/day"));
  EXPECT_EQ(policy().status.jobs[0].current, 3);
}

TEST(EventRecorder, RepeatsBecomeASeriesOfOneEvent) {
  World world;
  world.create_job();
  world.sync();
  const k8s::Object job = *world.stores.jobs.find({"team", "flights"});
  for (int i = 0; i < 5; ++i) {
    world.events.record(k8s::stream_jobs(), job, {true, "Busy", "Reconcile", "too busy"});
  }
  world.events.record(k8s::stream_jobs(), job, {false, "Calm", "Reconcile", "calm again"});
  world.events.flush();
  EXPECT_EQ(world.api.count(k8s::events()), 2u);
  const auto list = k8s::Reader(world.memory).list_all(k8s::events(), "team");
  std::string all;
  for (const k8s::Object& event : list->items) all += event.text();
  EXPECT_THAT(all, HasSubstr(R"("series":{"count":2)"));
  EXPECT_THAT(all, HasSubstr(R"("reason":"Busy")"));
  EXPECT_THAT(all, HasSubstr(R"("type":"Warning")"));
}

TEST(Wake, ChangesReachTheKeysThatTheyConcern) {
  World world;
  std::vector<std::string> woken;
  const Wake wake{.job = [&](const std::string& key) { woken.push_back("job " + key); },
                  .policy = [&](const std::string& key) { woken.push_back("policy " + key); },
                  .snapshot = [&](const std::string& key) { woken.push_back("snapshot " + key); },
                  .schedule = [&](const std::string& key) { woken.push_back("schedule " + key); }};
  world.api.put(k8s::scaling_policies(), R"({"metadata":{"namespace":"team","name":"day"}})");
  create_snapshot(world);
  world.create_job({{"scaling", {{"policyRef", {{"name", "day"}}}}}});
  world.sync();
  const auto after = [](const k8s::ObjectStore& store) {
    return k8s::StoreChange{std::nullopt, store.all().front()};
  };
  wake_for_policy(world.stores, after(world.stores.policies), wake);
  wake_for_job(world.stores, after(world.stores.jobs), wake);
  wake_for_engine(world.stores, "team/flights", wake);
  EXPECT_THAT(woken, testing::ElementsAre("policy team/day", "job team/flights", "job team/flights",
                                          "schedule team/flights", "policy team/day",
                                          "job team/flights", "snapshot team/before"));
}

}  // namespace
}  // namespace penstock
