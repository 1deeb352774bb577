#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/lifecycle/draft.h"
#include "tests/unit/controllers/lifecycle/world.h"

namespace penstock {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string condition(const World& world, const char* type) {
  const api::Condition* found = api::find_condition(world.job.status.conditions, type);
  return found ? std::string(to_string(found->status)) + " " + found->reason + ": " + found->message
               : "none";
}

World running() {
  World world;
  EXPECT_TRUE(world.settle());
  return world;
}
World stable() {
  World world = running();
  world.now += 60'000;
  EXPECT_TRUE(world.settle());
  EXPECT_TRUE(world.job.status.versions.front().stable);
  return world;
}
void change(World& world, void (*edit)(World&)) {
  edit(world);
  ++world.job.metadata.generation;
  EXPECT_TRUE(world.settle()) << world.summary();
  EXPECT_THAT(world.wrongs, IsEmpty());
}
void use_image(World& world) { world.job.spec.image = "penstock:2"; }
void use_missing_image(World& world) { world.job.spec.image = "missing"; }

TEST(Move, ANewImageCausesNoStopAndSaysWhatItTook) {
  World world = running();
  change(world, use_image);
  EXPECT_THAT(world.log, Not(Contains("EngineStop")));
  EXPECT_THAT(world.log,
              testing::IsSupersetOf({"EngineHandOver", "EngineTakeOver", "event Moved"}));
  ASSERT_TRUE(world.job.status.last_move);
  EXPECT_EQ(world.job.status.last_move->from, "bids-1");
  EXPECT_EQ(world.job.status.last_move->to, "bids-2");
  EXPECT_EQ(world.job.status.last_move->reason, "NewVersion");
  EXPECT_EQ(world.job.status.last_move->pause_ms, 40);
  EXPECT_EQ(world.job.status.pods.desired, 1);
  EXPECT_EQ(world.job.status.versions.front().image, "penstock:2");
}

TEST(Move, TheSuccessorIsCountedBeforeItsPodIsThereAndTheOrderBeforeItIsGiven) {
  World world = running();
  use_image(world);
  ++world.job.metadata.generation;
  Plan plan = plan_stream_job(world.observe());
  EXPECT_EQ(plan.status.phase, Phase::kMoving);
  ASSERT_TRUE(plan.status.successor);
  EXPECT_EQ(plan.status.successor->pod, 2);
  EXPECT_EQ(plan.status.counters.pods, 2);
  EXPECT_EQ(plan.status.active, 1);
  while (plan.status.successor && plan.status.successor->decision == 0) {
    world.reconcile();
    world.tick();
    plan = plan_stream_job(world.observe());
  }
  ASSERT_TRUE(plan.status.successor);
  EXPECT_EQ(plan.status.successor->decision, plan.status.counters.decisions);
  ASSERT_EQ(plan.actions.size(), 2u);
  EXPECT_EQ(to_string(plan.actions[0]), "EngineHandOver");
  EXPECT_EQ(to_string(plan.actions[1]), "EngineTakeOver");
}

TEST(Move, OneThatCannotStartIsGivenUpAndTriedAgainLater) {
  World world = running();
  change(world, use_missing_image);
  EXPECT_EQ(world.job.status.phase, Phase::kMoving);
  EXPECT_THAT(condition(world, "Ready"), testing::StartsWith("True Running"));
  world.now += 130'000;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql old");
  EXPECT_THAT(condition(world, "Degraded"),
              testing::AllOf(testing::StartsWith("True MoveGivenUp"), HasSubstr("ErrImagePull"),
                             HasSubstr("bids-2")));
  EXPECT_EQ(world.job.status.counters.pods, 2);
  world.now += 310'000;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.counters.pods, 3);
}

TEST(Move, ARestartNonceStillStopsAndStarts) {
  World world = running();
  world.job.spec.restart_nonce = 4;
  change(world, use_image);
  EXPECT_THAT(world.log, Contains("EngineStop"));
  EXPECT_THAT(world.log, Not(Contains("EngineHandOver")));
}

TEST(Move, WithoutStorageThereIsNone) {
  World world;
  world.job.spec.checkpoints.storage.uri = "";
  EXPECT_TRUE(world.settle());
  change(world, use_image);
  EXPECT_EQ(world.job.status.counters.pods, 1);
  EXPECT_THAT(condition(world, "Progressing"), testing::StartsWith("False NoStorage"));
}

TEST(Move, APodThatIsOnACordonedNodeAfterItsMoveStaysThere) {
  World world = running();
  world.nodes = {{.metadata = {.name = "only"}, .spec = {.unschedulable = true}}};
  world.pods[0].spec.node_name = "only";
  for (int i = 0; i < 20; ++i) {
    world.reconcile();
    world.tick();
    for (api::Pod& pod : world.pods) pod.spec.node_name = "only";
  }
  EXPECT_EQ(world.job.status.counters.pods, 2);
  EXPECT_EQ(world.job.status.last_move->reason, "NodeCordoned");
}

TEST(Move, AResizeThatStaysDeferredBecomesOneAndAnInfeasibleOneDoesNot) {
  for (const bool deferred : {true, false}) {
    World world = running();
    world.pods[0].status.conditions = {{.type = "PodResizePending",
                                        .status = api::Truth::kTrue,
                                        .reason = deferred ? "Deferred" : "Infeasible",
                                        .message = "no room",
                                        .last_transition_time = {world.now}}};
    world.pods[0].status.container_statuses[0].resources =
        world.pods[0].spec.containers[0].resources;
    world.job.spec.parallelism = 4;
    ++world.job.metadata.generation;
    world.reconcile();
    EXPECT_FALSE(world.job.status.successor) << "not at once";
    world.now += 61'000;
    world.reconcile();
    EXPECT_EQ(world.job.status.successor.has_value(), deferred);
    if (deferred) {
      EXPECT_EQ(world.job.status.successor->reason, "ResizeDeferred");
    }
  }
}

TEST(Standby, OneThatClaimedTheJobByItselfIsTheActiveOne) {
  World world = running();
  change(world, [](World& it) { it.job.spec.standby = true; });
  ASSERT_TRUE(world.successor());
  EXPECT_EQ(world.job.status.pods.desired, 2);
  world.engine()->ending = {api::EndingKind::kSuperseded, "Superseded", ""};
  world.engine()->phase = "Ended";
  World::Engine& successor = *world.successor();
  successor.follow = false;
  successor.phase = "Running";
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.active, 2);
  EXPECT_EQ(world.job.status.last_move->reason, "ProcessLost");
  EXPECT_THAT(world.log, Contains("event ProcessLost"));
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql old");
}

TEST(RollBack, SaysWhyAndKeepsTheRejectedVersionAway) {
  World world = stable();
  world.new_sql_fails = true;
  change(world, [](World& it) { it.job.spec.sql = "INSERT INTO b SELECT count(*) FROM a"; });
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql old");
  EXPECT_THAT(world.log, Contains("status RollingBack"));
  EXPECT_THAT(condition(world, "Degraded"),
              testing::AllOf(testing::StartsWith("True RolledBack"), HasSubstr("CannotHeal"),
                             HasSubstr("change spec")));
  EXPECT_THAT(condition(world, "Accepted"), testing::StartsWith("True"));
  const std::int64_t pods = world.job.status.counters.pods;
  change(world, [](World& it) { it.job.spec.parallelism = 3; });
  EXPECT_EQ(world.summary(), "Running pod Running 3/3 cpu 3100 sql old");
  EXPECT_EQ(world.job.status.counters.pods, pods) << "another size does not try it again";
  world.new_sql_fails = false;
  change(world, [](World& it) { it.job.spec.restart_nonce = 1; });
  EXPECT_EQ(world.summary(), "Running pod Running 3/3 cpu 3100 sql new");
  EXPECT_THAT(condition(world, "Degraded"), testing::StartsWith("False"));
}

TEST(RollBack, IsNotDoneWhereItCouldNotBeExact) {
  struct Row {
    const char* name;
    void (*prepare)(World&);
    const char* says;
  };
  const Row rows[] = {
      {"misfits", [](World& it) { it.rollback_misfits = {"operator sum: gone"}; },
       "operator sum: gone"},
      {"not wanted", [](World& it) { it.job.spec.upgrade.rollback = false; },
       "upgrade.rollback is false"},
  };
  for (const Row& row : rows) {
    World world = stable();
    row.prepare(world);
    change(world, [](World& it) { it.job.spec.sql = "INSERT INTO b SELECT count(*) FROM a"; });
    world.pods[0].status.container_statuses[0].restart_count = 3;
    EXPECT_TRUE(world.settle());
    EXPECT_EQ(world.job.status.phase, Phase::kRunning) << row.name;
    EXPECT_FALSE(world.job.status.rejected) << row.name;
    EXPECT_THAT(condition(world, "Degraded"),
                testing::AllOf(testing::StartsWith("True RestartsTooOften"), HasSubstr(row.says)))
        << row.name;
  }
}

}  // namespace
}  // namespace penstock
