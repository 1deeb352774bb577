#include "controllers/lifecycle/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/lifecycle/draft.h"
#include "tests/unit/controllers/lifecycle/world.h"

namespace penstock {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::string condition(const World& world, const char* type) {
  const api::Condition* found = api::find_condition(world.job.status.conditions, type);
  return found ? std::string(to_string(found->status)) + " " + found->reason : "none";
}

// What a user does when everything is quiet, and what must be true in the end.
struct Story {
  const char* name;
  std::vector<void (*)(World&)> edits;
  const char* ends;
};

void suspend(World& world) { world.job.spec.state = api::DesiredState::kSuspended; }
void resume(World& world) { world.job.spec.state = api::DesiredState::kRunning; }
void grow(World& world) { world.job.spec.parallelism = 4; }
void shrink(World& world) { world.job.spec.parallelism = 1; }
void change_sql(World& world) { world.job.spec.sql = "INSERT INTO b SELECT count(*) FROM a"; }
void change_sql_with_savepoint(World& world) {
  world.job.spec.upgrade.mode = api::UpgradeMode::kSavepoint;
  change_sql(world);
}
void remove(World& world) { world.job.metadata.deletion_timestamp = api::Time{world.now}; }
void remove_all(World& world) {
  world.job.spec.checkpoints.on_delete = api::Retain::kDelete;
  remove(world);
}
void restart(World& world) { world.job.spec.restart_nonce = 1; }
void restore_again(World& world) {
  world.job.spec.restore_from =
      api::RestoreFrom{.uri = "file:///checkpoints/default/bids/job-uid-snapshots/older"};
  ++world.job.spec.restore_nonce;
}
void end(World& world, api::EndingKind kind, const char* reason) {
  if (World::Engine* engine = world.engine(); engine && !engine->ending) {
    engine->ending = api::EndingReport{kind, reason, "because"};
    engine->phase = "Ended";
  }
}
void finish_input(World& world) { end(world, api::EndingKind::kFinished, "InputEnded"); }
void break_it(World& world) { end(world, api::EndingKind::kFailed, "CannotHeal"); }
void lose_pod(World& world) {
  for (api::Pod& pod : world.pods) {
    pod.status.phase = "Failed";
    pod.status.reason = "Evicted";
    world.engines.erase(pod.metadata.uid);
  }
}
void delete_pod(World& world) {
  for (api::Pod& pod : world.pods) {
    pod.metadata.deletion_timestamp = api::Time{world.now};
    world.engines.erase(pod.metadata.uid);
  }
}

void wait_a_minute(World& world) { world.now += 60'000; }
void wait_long(World& world) { world.now += 200'000; }
void change_image(World& world) { world.job.spec.image = "penstock:2"; }
void want_missing_image(World& world) { world.job.spec.image = "missing"; }
void want_bad_image(World& world) { world.bad_image = world.job.spec.image = "bad"; }
void want_bad_sql(World& world) {
  world.new_sql_fails = true;
  change_sql(world);
}
void go_back(World& world) { world.job.spec.image = ""; }
void damage_checkpoints(World& world) { world.follows = false; }
void want_standby(World& world) { world.job.spec.standby = true; }
void want_no_standby(World& world) { world.job.spec.standby = false; }
void add_nodes(World& world) {
  world.nodes = {{.metadata = {.name = "a"}}, {.metadata = {.name = "b"}}};
  for (api::Pod& pod : world.pods) pod.spec.node_name = "a";
}
void cordon(World& world) { world.nodes[0].spec.unschedulable = true; }
void lose_node(World& world) {
  world.nodes[0].status.conditions = {{.type = "Ready", .status = api::Truth::kUnknown}};
}
void forbid_resize(World& world) { world.can_resize = false; }
void lose_active(World& world) {
  for (api::Pod& pod : world.pods)
    if (pod.metadata.name == active_pod(world.job, world.pods)->metadata.name) {
      pod.status.phase = "Failed";
      pod.status.reason = "Evicted";
      world.engines.erase(pod.metadata.uid);
    }
}
void lose_successor(World& world) {
  const api::Pod* successor = successor_pod(world.job, world.pods);
  if (!successor) return;
  world.engines.erase(successor->metadata.uid);
  for (api::Pod& pod : world.pods)
    if (&pod == successor) pod.status.phase = "Failed";
}

const Story kStories[] = {
    {"Deploys", {}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"Grows", {grow}, "Running pod Running 4/4 cpu 4100 sql old"},
    {"Shrinks", {grow, shrink}, "Running pod Running 1/1 cpu 1100 sql old"},
    {"Suspends", {suspend}, "Suspended savepoint sql old"},
    {"Resumes", {suspend, resume}, "Running pod Running 2/2 restored cpu 2100 sql old"},
    {"ResumesLarger", {suspend, grow, resume}, "Running pod Running 4/4 restored cpu 4100 sql old"},
    {"Upgrades", {change_sql}, "Running pod Running 2/2 cpu 2100 sql new"},
    {"UpgradesWhileSuspended",
     {suspend, change_sql, resume},
     "Running pod Running 2/2 restored cpu 2100 sql new"},
    {"Restarts", {restart}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"RestoresAgain", {restore_again}, "Running pod Running 2/2 restored cpu 2100 sql old"},
    {"RestoresAgainTwice",
     {restore_again, restore_again},
     "Running pod Running 2/2 restored cpu 2100 sql old"},
    {"ResumesFromAnotherSnapshot",
     {suspend, restore_again, resume},
     "Running pod Running 2/2 restored cpu 2100 sql old"},
    {"FailsAndIsRestored",
     {break_it, restore_again},
     "Running pod Running 2/2 restored cpu 2100 sql old"},
    {"Finishes", {finish_input}, "Finished pod Ended 2/2 cpu 2100 sql old"},
    {"UpgradesFromASavepoint",
     {change_sql_with_savepoint},
     "Running pod Running 2/2 restored cpu 2100 sql new"},
    {"StaysFinishedWithoutItsPod", {finish_input, delete_pod}, "Finished sql old"},
    {"FailsAndIsRestarted", {break_it, restart}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"FailsAndIsRepaired", {break_it, change_sql}, "Running pod Running 2/2 cpu 2100 sql new"},
    {"ReplacesALostPod", {lose_pod}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"ReplacesADeletedPod", {delete_pod}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"MovesToAnotherImage", {change_image}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"MovesThereAndBack", {change_image, go_back}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"LeavesACordonedNode", {add_nodes, cordon}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"LeavesALostNode",
     {add_nodes, lose_node},
     "Running pod(deleting) Ended 2/2 cpu 2100 pod Running 2/2 cpu 2100 sql old"},
    {"MovesToALargerPod", {forbid_resize, grow}, "Running pod Running 4/4 cpu 4100 sql old"},
    {"GivesUpAMoveToAnImageThatIsMissing",
     {want_missing_image, wait_long},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"GivesUpAMoveWhenCheckpointsCannotBeRead",
     {damage_checkpoints, change_image},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"TakesTheNextImageAfterAMissingOne",
     {want_missing_image, change_image},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"KeepsAStandby",
     {want_standby},
     "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql old"},
    {"DropsItsStandby",
     {want_standby, want_no_standby},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"ItsStandbyTakesOver",
     {want_standby, lose_active},
     "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql old"},
    {"GetsAnotherStandby",
     {want_standby, lose_successor, wait_long, wait_long},
     "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql old"},
    {"MovesToItsStandby",
     {add_nodes, want_standby, cordon},
     "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql old"},
    {"UpgradesWithAStandby",
     {want_standby, change_sql},
     "Running pod Running 2/2 cpu 2100 pod Following 2/2 cpu 2100 sql new"},
    {"SuspendsWithAStandby", {want_standby, suspend}, "Suspended savepoint sql old"},
    {"FinishesWithAStandby",
     {want_standby, finish_input},
     "Finished pod Ended 2/2 cpu 2100 sql old"},
    {"RollsBackSql", {wait_a_minute, want_bad_sql}, "Running pod Running 2/2 cpu 2100 sql old"},
    {"RollsBackAnImage",
     {wait_a_minute, want_bad_image},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"TakesAGoodVersionAfterABadOne",
     {wait_a_minute, want_bad_image, change_image},
     "Running pod Running 2/2 cpu 2100 sql old"},
    {"IsDeleted", {remove}, "gone sql old"},
    {"IsDeletedWithItsCheckpoints", {grow, remove_all}, "gone checkpoints deleted sql old"},
};

// Runs the story; edits are made when everything is quiet.
World tell(const Story& story, int crash_at, bool effect_first) {
  World world;
  world.crash_at = crash_at;
  world.effect_first = effect_first;
  EXPECT_TRUE(world.settle()) << world.summary();
  for (const auto edit : story.edits) {
    const std::string spec = world.job.spec.sql;
    edit(world);
    ++world.job.metadata.generation;
    EXPECT_TRUE(world.settle()) << world.summary();
  }
  return world;
}

class EveryStory : public testing::TestWithParam<Story> {};

TEST_P(EveryStory, EndsTheSameWhereverTheOperatorDies) {
  const World straight = tell(GetParam(), 0, false);
  EXPECT_EQ(straight.summary(), GetParam().ends) << testing::PrintToString(straight.log);
  EXPECT_THAT(straight.wrongs, IsEmpty()) << testing::PrintToString(straight.log);
  ASSERT_GT(straight.writes, 3);
  for (int at = 1; at <= straight.writes; ++at)
    for (const bool effect_first : {false, true}) {
      const World world = tell(GetParam(), at, effect_first);
      EXPECT_EQ(world.summary(), GetParam().ends)
          << "stopped at write " << at << (effect_first ? " after" : " before")
          << " it took effect\n"
          << testing::PrintToString(world.log);
      EXPECT_THAT(world.wrongs, IsEmpty()) << "stopped at write " << at << "\n"
                                           << testing::PrintToString(world.log);
    }
}

INSTANTIATE_TEST_SUITE_P(Table, EveryStory, testing::ValuesIn(kStories),
                         [](const auto& row) { return std::string(row.param.name); });

World running();

TEST(RestoreNonce, AnIncompleteSnapshotIsWaitedForWhileTheJobGoesOn) {
  World world = running();
  Observed seen = world.observe();
  seen.job.spec.restore_from = api::RestoreFrom{.snapshot = "later"};
  seen.job.spec.restore_nonce = 1;
  seen.restore_uri.reset();
  const Plan plan = plan_stream_job(seen);
  EXPECT_THAT(plan.actions, IsEmpty());
  const api::Condition* degraded = api::find_condition(plan.status.conditions, "Degraded");
  ASSERT_TRUE(degraded);
  EXPECT_EQ(degraded->reason, "SnapshotNotReady");
  EXPECT_THAT(degraded->message, HasSubstr("snapshot later"));
  EXPECT_EQ(plan.status.nonces.restore, 0);
}

TEST(Recommend, SaysWhatItWouldDoOnceAndDoesNothing) {
  World world;
  world.policy = api::ScalingPolicySpec{.mode = api::ScalingMode::kRecommend, .min_parallelism = 4};
  world.job.spec.scaling.policy = world.policy;
  EXPECT_TRUE(world.settle()) << "a status that is written again and again";
  EXPECT_EQ(world.job.spec.parallelism, 2);
  EXPECT_THAT(world.log, testing::Not(Contains(HasSubstr("SetParallelism"))));
  ASSERT_TRUE(world.job.status.scaling);
  EXPECT_EQ(world.job.status.scaling->recommended, 4);
  EXPECT_EQ(world.job.status.scaling->current, 2);
  EXPECT_EQ(condition(world, "ScalingActive"), "False ModeRecommend");
}

TEST(RestoreNonce, IsRememberedWithWhatItRestored) {
  World world = running();
  restore_again(world);
  ++world.job.metadata.generation;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.nonces.restore, 1);
  ASSERT_TRUE(world.engine());
  EXPECT_THAT(world.engine()->restored_from, HasSubstr("older"));
  const std::int64_t pods = world.job.status.counters.pods;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.counters.pods, pods) << "once";
}

World running() {
  World world;
  EXPECT_TRUE(world.settle());
  return world;
}

TEST(PlanStreamJob, AnUpgradeWithASavepointSaysWhereItIsAndStartsFromIt) {
  World world = running();
  change_sql_with_savepoint(world);
  ++world.job.metadata.generation;
  EXPECT_TRUE(world.settle());
  EXPECT_THAT(world.log, Contains("event SavepointTaken"));
  ASSERT_TRUE(world.engine());
  EXPECT_THAT(world.engine()->restored_from, HasSubstr("-snapshots/upgrade-"));
}

TEST(PlanStreamJob, CountsThePodBeforeItIsCreated) {
  World world;
  world.job.metadata.finalizers = {std::string(api::kFinalizer)};
  const Plan plan = plan_stream_job(world.observe());
  EXPECT_EQ(plan.status.counters.pods, 1);
  EXPECT_EQ(plan.status.phase, Phase::kDeploying);
  ASSERT_EQ(plan.actions.size(), 3u);
  EXPECT_THAT(to_string(plan.actions[0]), HasSubstr("CreateConfigMap bids-"));
  EXPECT_EQ(to_string(plan.actions[1]), "CreateDisruptionBudget");
  EXPECT_EQ(to_string(plan.actions[2]), "CreatePod bids-1");
}

TEST(PlanStreamJob, AddsTheFinalizerBeforeAnythingElse) {
  World world;
  const Plan plan = plan_stream_job(world.observe());
  ASSERT_EQ(plan.actions.size(), 1u);
  EXPECT_EQ(to_string(plan.actions[0]), "AddFinalizer");
}

TEST(PlanStreamJob, AQuietJobCausesNoWrite) {
  World world = running();
  const int before = world.writes;
  for (int i = 0; i < 9; ++i) {
    world.reconcile();
    world.now += 1000;
  }
  EXPECT_LE(world.writes - before, 1);
}

TEST(PlanStreamJob, RefreshesNumbersEveryTenSeconds) {
  World world = running();
  const int before = world.writes;
  for (int i = 0; i < 60; ++i) {
    world.tick();
    world.reconcile();
  }
  EXPECT_GE(world.writes - before, 5);
  EXPECT_LE(world.writes - before, 7);
}

TEST(PlanStreamJob, ChangesNothingWhileTheEngineIsUnknown) {
  for (const auto edit : {grow, suspend, change_sql, restart}) {
    World world = running();
    world.reachable = false;
    edit(world);
    ++world.job.metadata.generation;
    const std::size_t before = world.pods.size();
    for (int i = 0; i < 20; ++i) {
      EXPECT_THAT(plan_stream_job(world.observe()).actions, IsEmpty());
      world.reconcile();
      world.tick();
    }
    EXPECT_EQ(world.pods.size(), before);
    EXPECT_EQ(condition(world, "Ready"), "Unknown EngineUnreachable");
    EXPECT_THAT(api::find_condition(world.job.status.conditions, "Ready")->message,
                HasSubstr("1970-01-01T00:15:00Z"));
    world.reachable = true;
    EXPECT_TRUE(world.settle());
    EXPECT_THAT(world.wrongs, IsEmpty());
    EXPECT_THAT(condition(world, "Ready"), testing::Not(HasSubstr("Unknown")));
  }
}

TEST(PlanStreamJob, RefusesSqlThatLosesStateAndLeavesTheRunningJobAlone) {
  World world = running();
  change_sql(world);
  ++world.job.metadata.generation;
  world.misfits = {"operator count-by-auction: gone"};
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql old");
  EXPECT_EQ(condition(world, "Accepted"), "False StateDoesNotFit");
  EXPECT_EQ(condition(world, "Ready"), "True Running");
  EXPECT_THAT(api::find_condition(world.job.status.conditions, "Accepted")->message,
              HasSubstr("count-by-auction: gone"));
  world.job.spec.upgrade.allow_dropped_state = true;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql new");
  EXPECT_EQ(condition(world, "Accepted"), "True Valid");
}

TEST(PlanStreamJob, ARefusedSpecStillRescalesWhatRuns) {
  World world = running();
  change_sql(world);
  world.verdict.causes = {{"spec.sql", "SqlInvalid", "line 1, column 1: no"}};
  grow(world);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 4/4 cpu 4100 sql old");
  EXPECT_EQ(condition(world, "Accepted"), "False SqlInvalid");
  delete_pod(world);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 4/4 cpu 4100 sql old");
}

TEST(PlanStreamJob, ARefusedNewJobStartsNothing) {
  World world;
  world.verdict.causes = {{"spec.sql", "SqlInvalid", "line 1, column 1: no"}};
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Pending sql old");
  EXPECT_EQ(condition(world, "Accepted"), "False SqlInvalid");
  EXPECT_THAT(world.log, Contains("event SqlInvalid"));
}

TEST(PlanStreamJob, TellsForAWhileThatAProcessWasKilledForItsMemory) {
  World world;
  EXPECT_TRUE(world.settle());
  world.pods[0].status.container_statuses[0].last_state.terminated =
      api::TerminatedState{.exit_code = 137, .reason = "OOMKilled", .finished_at = {world.now}};
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(condition(world, "Degraded"), "True ProcessDied");
  EXPECT_THAT(api::find_condition(world.job.status.conditions, "Degraded")->message,
              AllOf(HasSubstr("OOMKilled"), HasSubstr("spec.resources.slot.memory")));
  world.now += 11 * 60 * 1000;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(condition(world, "Degraded"), "False AsExpected");
}

TEST(PlanStreamJob, SaysWhyAPodDoesNotStartAndStillTakesABetterSpec) {
  World world;
  world.image_exists = false;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(condition(world, "Degraded"), "True ErrImagePull");
  EXPECT_EQ(world.job.status.phase, Phase::kDeploying);
  world.image_exists = true;
  world.job.spec.image = "penstock:2";
  ++world.job.metadata.generation;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql old");
  EXPECT_EQ(condition(world, "Degraded"), "False AsExpected");
}

TEST(PlanStreamJob, AStorylessPodRestoresFromWhatTheUserNames) {
  World world;
  world.job.spec.restore_from =
      api::RestoreFrom{.uri = "file:///checkpoints/default/bids/job-uid-snapshots/a"};
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 restored cpu 2100 sql old");
}

// The process dies after it took the order; the kubelet starts it again with the old arguments.
void crash_engine(World& world) {
  if (World::Engine* engine = world.engine())
    *engine = {.wanted = 2, .running = 2, .started_at = world.now};
}

TEST(PlanStreamJob, AnOrderThatDiedWithItsProcessIsGivenAgain) {
  struct Row {
    void (*edit)(World&);
    const char* ends;
  };
  for (const Row& row : {Row{suspend, "Suspended savepoint sql old"},
                         Row{grow, "Running pod Running 4/4 cpu 4100 sql old"},
                         Row{change_sql, "Running pod Running 2/2 cpu 2100 sql new"}})
    for (int rounds = 1; rounds < 5; ++rounds) {
      World world = running();
      row.edit(world);
      ++world.job.metadata.generation;
      for (int i = 0; i < rounds; ++i) {
        world.reconcile();
        if (i + 1 < rounds) world.tick();
      }
      crash_engine(world);
      EXPECT_TRUE(world.settle());
      EXPECT_EQ(world.summary(), row.ends)
          << "crashed in round " << rounds << testing::PrintToString(world.log);
      EXPECT_THAT(world.wrongs, IsEmpty());
    }
}

TEST(PlanStreamJob, FailureKeepsItsReasonInStatusConditionAndEvent) {
  World world = running();
  break_it(world);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.phase, Phase::kFailed);
  EXPECT_EQ(world.job.status.error.code, "CannotHeal");
  EXPECT_EQ(condition(world, "Ready"), "False CannotHeal");
  EXPECT_EQ(condition(world, "Degraded"), "True CannotHeal");
  EXPECT_THAT(world.log, Contains("event CannotHeal"));
}

TEST(PlanStreamJob, AFinishedJobShowsItsLastCheckpoint) {
  World world = running();
  world.engine()->checkpoints = 41;
  finish_input(world);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.phase, Phase::kFinished);
  EXPECT_EQ(world.job.status.checkpoint.id, 41);
}

TEST(PlanStreamJob, WithoutStorageItDoesNotStopAJobThatHasState) {
  World world;
  world.job.spec.checkpoints.storage.uri = "";
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(condition(world, "StateSafe"), "False NoStorage");
  suspend(world);
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.job.status.phase, Phase::kRunning);
  EXPECT_EQ(condition(world, "Progressing"), "False NoStorage");
}

TEST(PlanStreamJob, ObservedGenerationFollows) {
  World world = running();
  world.job.metadata.generation = 7;
  world.reconcile();
  EXPECT_EQ(world.job.status.observed_generation, 7);
  for (const api::Condition& one : world.job.status.conditions)
    EXPECT_EQ(one.observed_generation, 7) << one.type;
}

TEST(PlanStreamJob, RepairsAStatusThatSomebodyEmptied) {
  World world = running();
  const auto counters = world.job.status.counters;
  world.job.status = {};
  world.job.status.counters = counters;
  EXPECT_TRUE(world.settle());
  EXPECT_EQ(world.summary(), "Running pod Running 2/2 cpu 2100 sql old");
  EXPECT_THAT(world.wrongs, IsEmpty());
}

TEST(ParseEnding, ReadsWhatTheEngineWritesAndNamesWhatItCannotRead) {
  const auto ending = parse_ending(R"({"kind":"Finished","reason":"InputEnded","message":"done"})");
  EXPECT_EQ(ending, (api::EndingReport{api::EndingKind::kFinished, "InputEnded", "done"}));
  EXPECT_EQ(parse_ending("").reason, "EndingUnknown");
  EXPECT_EQ(parse_ending("Segmentation fault").kind, api::EndingKind::kFailed);
}

TEST(StepTowards, GoesOverDeployingWhereThereIsNoDirectEdge) {
  EXPECT_EQ(step_towards(Phase::kPending, Phase::kRunning), Phase::kDeploying);
  EXPECT_EQ(step_towards(Phase::kSuspended, Phase::kRunning), Phase::kDeploying);
  EXPECT_EQ(step_towards(Phase::kDeleting, Phase::kRunning), Phase::kDeleting);
}

}  // namespace
}  // namespace penstock
