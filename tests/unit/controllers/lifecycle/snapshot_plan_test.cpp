#include "controllers/lifecycle/snapshot_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/desired/names.h"
#include "controllers/desired/snapshots.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Millis kNow = 10'000'000;

ObservedSnapshot seen() {
  ObservedSnapshot it;
  it.snapshot.metadata = {
      .name = "before-upgrade", .name_space = "default", .uid = "u", .generation = 1};
  it.snapshot.spec.job_ref.name = "bids";
  it.job = api::StreamJob{.metadata = {.name = "bids", .name_space = "default", .uid = "j"}};
  it.job->status.phase = api::Phase::kRunning;
  it.report = api::JobReport{.phase = "Running", .generation = 3, .decision = 9};
  it.installation.checkpoint_base = "file:///c";
  it.now = kNow;
  return it;
}

ObservedSnapshot deleted(std::int32_t failures = 0) {
  ObservedSnapshot it = seen();
  it.snapshot.spec.retain = api::Retain::kDelete;
  it.snapshot.metadata.finalizers = {std::string(api::kFilesFinalizer)};
  it.snapshot.status.failures = failures;
  it.snapshot.status.phase = api::SnapshotPhase::kCompleted;
  it.snapshot.status.uri = snapshot_place(it.snapshot, *it.job, it.installation, failures);
  it.snapshot.metadata.deletion_timestamp = api::Time{kNow};
  return it;
}

template <typename T>
const T* action(const SnapshotPlan& plan) {
  return plan.action ? std::get_if<T>(&*plan.action) : nullptr;
}

std::string condition(const api::JobSnapshotStatus& status) {
  const api::Condition* it = api::find_condition(status.conditions, "Complete");
  return it ? std::string(api::to_string(it->status)) + " " + it->reason : "none";
}

TEST(PlanSnapshot, OrdersASavepointBesideTheCheckpoints) {
  const SnapshotPlan plan = plan_snapshot(seen());
  EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kInProgress);
  const auto* order = action<EngineSavepoint>(plan);
  ASSERT_TRUE(order);
  EXPECT_EQ(order->uri, plan.status.uri);
  EXPECT_TRUE(plan.status.uri.starts_with("file:///c/default/bids/j-snapshots/before-upgrade-"))
      << plan.status.uri;
  EXPECT_EQ(order->decision, 9);
  EXPECT_EQ(condition(plan.status), "False InProgress");
}

TEST(PlanSnapshot, WaitsWithAReasonForWhatIsNotThere) {
  struct Case {
    const char* reason;
    void (*change)(ObservedSnapshot&);
  };
  const Case cases[] = {
      {"JobNotFound", [](ObservedSnapshot& it) { it.job.reset(); }},
      {"JobNotRunning", [](ObservedSnapshot& it) { it.report.reset(); }},
      {"JobNotRunning", [](ObservedSnapshot& it) { it.report->phase = "Restarting"; }},
      {"NoStorage", [](ObservedSnapshot& it) { it.installation.checkpoint_base.clear(); }},
      {"NoStorage",
       [](ObservedSnapshot& it) {
         it.installation.checkpoint_base.clear();
         it.snapshot.spec.type = api::SnapshotType::kCheckpoint;
       }},
  };
  for (const Case& row : cases) {
    ObservedSnapshot it = seen();
    row.change(it);
    const SnapshotPlan plan = plan_snapshot(it);
    EXPECT_FALSE(plan.action) << row.reason;
    EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kPending);
    EXPECT_EQ(plan.status.error.code, row.reason);
    EXPECT_EQ(condition(plan.status), std::string("False ") + row.reason);
    ASSERT_EQ(plan.events.size(), 1u) << row.reason;
    EXPECT_EQ(plan.events[0].reason, row.reason);
    it.snapshot.status = plan.status;
    EXPECT_TRUE(plan_snapshot(it).events.empty()) << "an Event once";
  }
}

TEST(PlanSnapshot, WhatAdmissionRefusesIsNotTaken) {
  ObservedSnapshot it = seen();
  it.verdict.causes = {{"spec.uri", "FieldValueInvalid", "expected an absolute path"}};
  const SnapshotPlan plan = plan_snapshot(it);
  EXPECT_FALSE(plan.action);
  EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kFailed);
  EXPECT_EQ(plan.status.error.code, "FieldValueInvalid");
  EXPECT_THAT(plan.status.error.message, HasSubstr("spec.uri"));
}

TEST(PlanSnapshot, TriesThreeTimesUnderNewNamesThenGivesUp) {
  ObservedSnapshot it = seen();
  std::vector<std::string> places;
  Millis paused = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const SnapshotPlan plan = plan_snapshot(it);
    const auto* order = action<EngineSavepoint>(plan);
    ASSERT_TRUE(order) << attempt;
    places.push_back(order->uri);
    it.snapshot.status = plan.status;
    const SnapshotResult failed =
        with_result(it, plan.status, Error{Code::kUnavailable, "disk full"});
    it.snapshot.status = failed.status;
    it.not_before = failed.not_before;
    EXPECT_GT(failed.not_before - it.now, paused) << "longer each time";
    paused = failed.not_before - it.now;
    EXPECT_FALSE(plan_snapshot(it).action) << "not at once";
    it.now = it.not_before;
  }
  EXPECT_NE(places[0], places[1]);
  EXPECT_NE(places[1], places[2]);
  EXPECT_EQ(it.snapshot.status.failures, 3);
  EXPECT_EQ(it.snapshot.status.phase, api::SnapshotPhase::kFailed);
  EXPECT_EQ(it.snapshot.status.error.message, "disk full");
  EXPECT_FALSE(plan_snapshot(it).action);
  EXPECT_EQ(places_of(it.snapshot), places) << "what disposal has to look at";
}

TEST(PlanSnapshot, IsDoneWhenItIsDone) {
  ObservedSnapshot it = seen();
  it.snapshot.status = with_result(it, plan_snapshot(it).status, Taken{42, 1000}).status;
  EXPECT_EQ(it.snapshot.status.phase, api::SnapshotPhase::kCompleted);
  EXPECT_EQ(it.snapshot.status.checkpoint_id, 42);
  EXPECT_EQ(it.snapshot.status.size_bytes, 1000);
  EXPECT_EQ(it.snapshot.status.completed_at.millis, kNow);
  EXPECT_EQ(condition(it.snapshot.status), "True Completed");
  it.now += 1'000'000;
  const SnapshotPlan again = plan_snapshot(it);
  EXPECT_FALSE(again.action);
  EXPECT_EQ(again.status, it.snapshot.status);
}

TEST(PlanSnapshot, OneThatItsJobWillNotFinishIsAbandoned) {
  const std::pair<const char*, void (*)(ObservedSnapshot&)> rows[] = {
      {"deleted", [](auto& it) { it.job.reset(); }},
      {"going", [](auto& it) { it.job->metadata.deletion_timestamp = api::Time{kNow}; }},
      {"finished", [](auto& it) { it.job->status.phase = api::Phase::kFinished; }},
      {"failed", [](auto& it) { it.job->status.phase = api::Phase::kFailed; }},
  };
  for (const auto& [name, change] : rows) {
    ObservedSnapshot it = seen();
    it.snapshot.status = plan_snapshot(it).status;
    change(it);
    const SnapshotPlan plan = plan_snapshot(it);
    EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kAbandoned) << name;
    EXPECT_FALSE(plan.action) << name;
  }
}

TEST(PlanSnapshot, OneThatWasBegunStaysInProgressWhileTheEngineIsUnknown) {
  ObservedSnapshot it = seen();
  it.snapshot.status = plan_snapshot(it).status;
  it.report.reset();
  const SnapshotPlan plan = plan_snapshot(it);
  EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kInProgress);
  EXPECT_FALSE(plan.action);
}

TEST(PlanSnapshot, ACheckpointLivesAsLongAsItsJobRetainsIt) {
  ObservedSnapshot it = seen();
  it.snapshot.spec.type = api::SnapshotType::kCheckpoint;
  it.job->spec.checkpoints.retained = 2;
  const SnapshotPlan plan = plan_snapshot(it);
  ASSERT_TRUE(action<EngineCheckpoint>(plan));
  it.snapshot.status = with_result(it, plan.status, Taken{7, 0}).status;
  EXPECT_EQ(it.snapshot.status.uri, "file:///c/default/bids/j#checkpoint-7");
  for (const std::uint64_t newest : {7u, 8u}) {
    it.report->checkpoints.last_id = newest;
    EXPECT_EQ(plan_snapshot(it).status.phase, api::SnapshotPhase::kCompleted) << newest;
  }
  const auto report = std::exchange(it.report, std::nullopt);
  EXPECT_EQ(plan_snapshot(it).status.phase, api::SnapshotPhase::kCompleted) << "unknown";
  it.report = report;
  it.report->checkpoints.last_id = 9;
  EXPECT_EQ(plan_snapshot(it).status.phase, api::SnapshotPhase::kAbandoned);
  EXPECT_EQ(plan_snapshot(it).status.error.code, "NotRetained");
  it.job.reset();
  EXPECT_EQ(plan_snapshot(it).status.error.code, "JobGone");
}

TEST(PlanSnapshot, FilesThatAreToGoAreMarkedBeforeTheyAreThere) {
  ObservedSnapshot it = seen();
  it.snapshot.spec.retain = api::Retain::kDelete;
  const SnapshotPlan plan = plan_snapshot(it);
  EXPECT_TRUE(action<AddFinalizer>(plan));
  EXPECT_EQ(plan.status, it.snapshot.status);
  it.snapshot.metadata.finalizers = {std::string(api::kFilesFinalizer)};
  EXPECT_TRUE(action<EngineSavepoint>(plan_snapshot(it)));
}

TEST(Disposal, OfWhatIsKeptOrWasNeverWrittenDeletesNothing) {
  ObservedSnapshot it = deleted();
  it.snapshot.spec.retain = api::Retain::kKeep;
  EXPECT_TRUE(action<RemoveFinalizer>(plan_snapshot(it)));
  it = deleted();
  it.snapshot.status = {};
  EXPECT_TRUE(action<RemoveFinalizer>(plan_snapshot(it)));
  it = deleted();
  it.snapshot.metadata.finalizers.clear();
  EXPECT_FALSE(plan_snapshot(it).action);
}

TEST(Disposal, IsTheOperatorsBelowItsOwnRootAndElseTheEngines) {
  ObservedSnapshot it = deleted(2);
  it.reaches_files = true;
  const std::string base = snapshot_place(it.snapshot, *it.job, it.installation, 0);
  const SnapshotPlan by_operator = plan_snapshot(it);
  ASSERT_TRUE(action<DeleteFiles>(by_operator));
  EXPECT_THAT(action<DeleteFiles>(by_operator)->uris, ElementsAre(base, base + "-1", base + "-2"));

  it.reaches_files = false;
  const SnapshotPlan by_engine = plan_snapshot(it);
  ASSERT_TRUE(action<EngineDispose>(by_engine));
  EXPECT_EQ(action<EngineDispose>(by_engine)->uris.size(), 3u);

  // Wherever the author of the object says that it is, the operator itself does not go there.
  for (const char* place :
       {"file:///etc", "file:///c", "file:///c/default/bids/j",
        "file:///c/other/bids/j-snapshots/x", "file:///c/default/bids/../../other/x",
        "file:///c/default/bids/j-snapshots/another-1", "file:///c/default/bids/j-snapshots/..",
        "s3://bucket/x"}) {
    ObservedSnapshot elsewhere = deleted();
    elsewhere.reaches_files = true;
    elsewhere.snapshot.status.uri = place;
    EXPECT_FALSE(action<DeleteFiles>(plan_snapshot(elsewhere))) << place;
    EXPECT_TRUE(action<EngineDispose>(plan_snapshot(elsewhere))) << place;
  }
}

TEST(Disposal, WithoutAnybodyWhoMayTheFilesStayAndAnEventSaysSo) {
  const std::pair<const char*, void (*)(ObservedSnapshot&)> rows[] = {
      {"no job", [](auto& it) { it.job.reset(); }},
      {"the job goes", [](auto& it) { it.job->metadata.deletion_timestamp = api::Time{kNow}; }},
      {"suspended", [](auto& it) { it.job->status.phase = api::Phase::kSuspended; }},
      {"finished", [](auto& it) { it.job->status.phase = api::Phase::kFinished; }},
  };
  for (const auto& [name, change] : rows) {
    ObservedSnapshot it = deleted();
    change(it);
    const SnapshotPlan plan = plan_snapshot(it);
    EXPECT_TRUE(action<RemoveFinalizer>(plan)) << name;
    ASSERT_EQ(plan.events.size(), 1u) << name;
    EXPECT_EQ(plan.events[0].reason, "FilesKept");
    EXPECT_THAT(plan.events[0].message, HasSubstr(it.snapshot.status.uri));
  }
}

TEST(Disposal, OfAPeriodicOneWhoseJobGoesKeepsTheFilesEvenWhereTheyAreReached) {
  ObservedSnapshot it = deleted();
  it.reaches_files = true;
  it.snapshot.metadata.annotations = {{std::string(kScheduledAt), "2026-11-23T04:00:00Z"}};
  EXPECT_TRUE(action<DeleteFiles>(plan_snapshot(it)));
  it.job.reset();
  const SnapshotPlan plan = plan_snapshot(it);
  EXPECT_TRUE(action<RemoveFinalizer>(plan));
  EXPECT_EQ(plan.events.at(0).reason, "FilesKept");
}

TEST(Disposal, WaitsTenMinutesForWhatMayCome) {
  const std::pair<const char*, void (*)(ObservedSnapshot&)> rows[] = {
      {"InUse", [](auto& it) { it.in_use = it.reaches_files = true; }},
      {"JobNotRunning", [](auto& it) { it.report.reset(); }},
  };
  for (const auto& [reason, change] : rows) {
    ObservedSnapshot it = deleted();
    change(it);
    SnapshotPlan plan = plan_snapshot(it);
    EXPECT_FALSE(plan.action) << reason;
    EXPECT_EQ(plan.status.error.code, reason);
    EXPECT_TRUE(plan.requeue.delay) << reason;
    it.now += 10 * 60 * 1000;
    plan = plan_snapshot(it);
    EXPECT_TRUE(action<RemoveFinalizer>(plan)) << reason;
    EXPECT_EQ(plan.events.at(0).reason, "FilesKept");
  }
}

// An engine of an older version cannot; a directory may be gone.
TEST(Disposal, ThatFailsForTenMinutesIsGivenUpButTriedOnceInAnyCase) {
  for (const bool reaches : {true, false}) {
    ObservedSnapshot it = deleted();
    it.reaches_files = reaches;
    it.now += 60 * 60 * 1000;
    const SnapshotPlan first = plan_snapshot(it);
    EXPECT_TRUE(action<DeleteFiles>(first) || action<EngineDispose>(first));
    it.disposals = 1;
    EXPECT_TRUE(action<RemoveFinalizer>(plan_snapshot(it)));
    EXPECT_EQ(plan_snapshot(it).events.at(0).reason, "FilesKept");
    it.now = kNow;
    const SnapshotPlan again = plan_snapshot(it);
    EXPECT_TRUE(action<DeleteFiles>(again) || action<EngineDispose>(again));
  }
}

}  // namespace
}  // namespace penstock
