#include "controllers/lifecycle/snapshot_plan.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

ObservedSnapshot seen() {
  ObservedSnapshot it;
  it.snapshot.metadata = {
      .name = "before-upgrade", .name_space = "default", .uid = "u", .generation = 1};
  it.snapshot.spec.job_ref.name = "bids";
  it.job = api::StreamJob{.metadata = {.name = "bids", .name_space = "default", .uid = "j"}};
  it.report = api::JobReport{.phase = "Running", .generation = 3, .decision = 9};
  it.installation.checkpoint_base = "file:///c";
  return it;
}

TEST(PlanSnapshot, OrdersASavepointBesideTheCheckpoints) {
  const SnapshotPlan plan = plan_snapshot(seen());
  EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kInProgress);
  ASSERT_TRUE(plan.order);
  EXPECT_EQ(plan.order->uri, plan.status.uri);
  EXPECT_TRUE(plan.status.uri.starts_with("file:///c/default/bids/j-snapshots/before-upgrade-"))
      << plan.status.uri;
  EXPECT_EQ(plan.order->decision, 9);
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
  };
  for (const Case& row : cases) {
    ObservedSnapshot it = seen();
    row.change(it);
    const SnapshotPlan plan = plan_snapshot(it);
    EXPECT_FALSE(plan.order) << row.reason;
    EXPECT_EQ(plan.status.error.code, row.reason);
    ASSERT_EQ(plan.events.size(), 1u) << row.reason;
    EXPECT_EQ(plan.events[0].reason, row.reason);
    it.snapshot.status = plan.status;
    EXPECT_TRUE(plan_snapshot(it).events.empty()) << "an Event once";
  }
}

TEST(PlanSnapshot, WhatAdmissionRefusesIsNotTaken) {
  ObservedSnapshot it = seen();
  it.verdict.causes = {{"spec.type", "NotImplemented", "Checkpoint is not implemented yet"}};
  const SnapshotPlan plan = plan_snapshot(it);
  EXPECT_FALSE(plan.order);
  EXPECT_EQ(plan.status.phase, api::SnapshotPhase::kFailed);
  EXPECT_EQ(plan.status.error.code, "NotImplemented");
  EXPECT_NE(plan.status.error.message.find("spec.type"), std::string::npos);
}

TEST(PlanSnapshot, TriesThreeTimesUnderNewNamesThenGivesUp) {
  ObservedSnapshot it = seen();
  std::string last;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const SnapshotPlan plan = plan_snapshot(it);
    ASSERT_TRUE(plan.order) << attempt;
    EXPECT_NE(plan.order->uri, last);
    last = plan.order->uri;
    it.snapshot.status =
        with_result(plan.status, Error{Code::kUnavailable, "disk full"}, 0, 5).status;
  }
  EXPECT_EQ(it.snapshot.status.phase, api::SnapshotPhase::kFailed);
  EXPECT_EQ(it.snapshot.status.error.message, "disk full");
  EXPECT_FALSE(plan_snapshot(it).order);
}

TEST(PlanSnapshot, IsDoneWhenItIsDone) {
  ObservedSnapshot it = seen();
  it.snapshot.status =
      with_result(plan_snapshot(it).status, std::uint64_t{42}, 1000, 77'000).status;
  EXPECT_EQ(it.snapshot.status.phase, api::SnapshotPhase::kCompleted);
  EXPECT_EQ(it.snapshot.status.checkpoint_id, 42);
  EXPECT_EQ(it.snapshot.status.size_bytes, 1000);
  const SnapshotPlan again = plan_snapshot(it);
  EXPECT_FALSE(again.order);
  EXPECT_EQ(again.status, it.snapshot.status);
}

}  // namespace
}  // namespace penstock
