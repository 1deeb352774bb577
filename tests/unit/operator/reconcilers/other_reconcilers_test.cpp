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
                  .snapshot = [&](const std::string& key) { woken.push_back("snapshot " + key); }};
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
  EXPECT_THAT(woken,
              testing::ElementsAre("policy team/day", "job team/flights", "job team/flights",
                                   "policy team/day", "job team/flights", "snapshot team/before"));
}

}  // namespace
}  // namespace penstock
