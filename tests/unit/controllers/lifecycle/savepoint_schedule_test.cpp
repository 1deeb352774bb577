#include "controllers/lifecycle/savepoint_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/json.h"
#include "controllers/desired/names.h"
#include "controllers/desired/snapshots.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Millis kHour = 3'600'000;
const Millis kStart = api::parse_time("2026-11-23T04:00:00Z")->millis;

ObservedSavepoints seen(const char* schedule = "0 * * * *") {
  ObservedSavepoints it;
  it.job.metadata = {.name = "bids", .name_space = "team", .uid = "j"};
  it.job.metadata.creation_timestamp = {kStart - 30 * kHour};
  it.job.status.phase = api::Phase::kRunning;
  it.job.spec.checkpoints.savepoints = {.schedule = schedule, .keep = 2};
  it.now = kStart + 100;
  return it;
}

// As the API server would give back what a plan created `hours` after the start.
void add(ObservedSavepoints& it, int hours,
         api::SnapshotPhase phase = api::SnapshotPhase::kCompleted) {
  const DesiredObject made = build_periodic_snapshot(it.job, kStart + hours * kHour);
  auto snapshot = api::parse<api::JobSnapshot>(made.json).value();
  snapshot.metadata.uid = "u" + std::to_string(hours);
  snapshot.status.phase = phase;
  snapshot.status.uri = "file:///s/" + std::to_string(hours);
  it.owned.push_back(std::move(snapshot));
}

std::vector<std::string> expired(const ObservedSavepoints& it) {
  std::vector<std::string> uids;
  for (const DeleteSnapshot& one : choose_expired(it)) uids.push_back(one.uid);
  return uids;
}

TEST(PeriodicSnapshot, IsNamedAfterItsTimeAndOwnedByItsJob) {
  const DesiredObject made = build_periodic_snapshot(seen().job, kStart);
  EXPECT_EQ(made.name, "bids-202611230400");
  const auto snapshot = api::parse<api::JobSnapshot>(made.json).value();
  EXPECT_EQ(scheduled_at(snapshot), kStart);
  EXPECT_EQ(snapshot.spec.retain, api::Retain::kDelete);
  EXPECT_EQ(snapshot.metadata.owner_references.at(0).uid, "j");
  EXPECT_TRUE(snapshot.metadata.owner_references.at(0).controller);
  EXPECT_THAT(snapshot.metadata.finalizers, ElementsAre(api::kFilesFinalizer));
  EXPECT_EQ(build_periodic_snapshot(seen().job, kStart), made);
}

TEST(Schedule, MakesOneForEachMomentAndLooksAgainAtTheNext) {
  ObservedSavepoints it = seen("*/5 * * * *");
  SavepointsPlan plan = plan_savepoints(it);
  ASSERT_TRUE(plan.create);
  EXPECT_EQ(plan.create->name, "bids-202611230400");
  EXPECT_EQ(plan.requeue.delay, std::chrono::milliseconds(5 * 60'000 - 100));
  add(it, 0);
  plan = plan_savepoints(it);
  EXPECT_FALSE(plan.create);
  EXPECT_TRUE(plan.requeue.delay);
  it.now += 5 * 60'000;
  plan = plan_savepoints(it);
  ASSERT_TRUE(plan.create);
  EXPECT_EQ(plan.create->name, "bids-202611230405");
}

TEST(Schedule, WaitsNeverLongerThanTenMinutesForAClockThatMayBeSet) {
  ObservedSavepoints it = seen("@yearly");
  EXPECT_EQ(plan_savepoints(it).requeue.delay, std::chrono::minutes(10));
}

TEST(Schedule, WhatWasMissedIsMadeUpOnce) {
  ObservedSavepoints it = seen();
  add(it, 0);
  it.now = kStart + 5 * kHour + 30'000;
  const SavepointsPlan plan = plan_savepoints(it);
  ASSERT_TRUE(plan.create);
  EXPECT_EQ(plan.create->name, "bids-202611230900");
}

TEST(Schedule, NothingFromBeforeTheJob) {
  ObservedSavepoints it = seen();
  it.job.metadata.creation_timestamp = {kStart + 50};
  EXPECT_FALSE(plan_savepoints(it).create);
}

TEST(Schedule, DoesNothingWhileTheJobDoesNotRunOrOneIsBeingTaken) {
  const std::pair<const char*, void (*)(ObservedSavepoints&)> rows[] = {
      {"no schedule", [](auto& it) { it.job.spec.checkpoints.savepoints.schedule.clear(); }},
      {"no valid one", [](auto& it) { it.job.spec.checkpoints.savepoints.schedule = "x"; }},
      {"suspended", [](auto& it) { it.job.status.phase = api::Phase::kSuspended; }},
      {"deploying", [](auto& it) { it.job.status.phase = api::Phase::kDeploying; }},
      {"going", [](auto& it) { it.job.metadata.deletion_timestamp = api::Time{it.now}; }},
      {"pending", [](auto& it) { add(it, -1, api::SnapshotPhase::kPending); }},
      {"in progress", [](auto& it) { add(it, -1, api::SnapshotPhase::kInProgress); }},
  };
  ASSERT_TRUE(plan_savepoints(seen()).create);
  for (const auto& [name, change] : rows) {
    ObservedSavepoints it = seen();
    change(it);
    const SavepointsPlan plan = plan_savepoints(it);
    EXPECT_FALSE(plan.create) << name;
    EXPECT_THAT(plan.remove, IsEmpty()) << name;
  }
}

TEST(Retention, KeepsTheNewest) {
  ObservedSavepoints it = seen();
  for (const int hours : {-3, 0, -1, -4, -2}) add(it, hours);
  EXPECT_THAT(expired(it), ElementsAre("u-2", "u-3", "u-4"));
}

TEST(Retention, FailedOnesAreCountedByThemselvesAndTakenPlaceOfNone) {
  ObservedSavepoints it = seen();
  for (const int hours : {0, -1, -2}) add(it, hours, api::SnapshotPhase::kFailed);
  for (const int hours : {-3, -4}) add(it, hours);
  EXPECT_THAT(expired(it), ElementsAre("u-2"));
}

TEST(Retention, MaxAgeLeavesTheNewestComplete) {
  ObservedSavepoints it = seen();
  it.job.spec.checkpoints.savepoints.keep = 100;
  it.job.spec.checkpoints.savepoints.max_age = std::chrono::hours(2);
  for (const int hours : {0, -1, -3, -5}) add(it, hours);
  EXPECT_THAT(expired(it), ElementsAre("u-3", "u-5"));
  it.now += 100 * kHour;
  EXPECT_THAT(expired(it), ElementsAre("u-1", "u-3", "u-5"));
}

TEST(Retention, LeavesAloneWhatAJobRestoresFromWhatIsBeingTakenAndWhatIsNotItsOwn) {
  ObservedSavepoints it = seen();
  it.job.spec.checkpoints.savepoints.keep = 1;
  for (const int hours : {0, -1, -2, -3}) add(it, hours);
  add(it, -4, api::SnapshotPhase::kInProgress);
  it.owned.push_back({.metadata = {.name = "by-hand", .uid = "by-hand"}});
  it.owned.back().status.phase = api::SnapshotPhase::kCompleted;
  api::StreamJob by_name, by_uri, by_status;
  by_name.spec.restore_from = api::RestoreFrom{.snapshot = it.owned[1].metadata.name};
  by_uri.spec.restore_from = api::RestoreFrom{.uri = it.owned[2].status.uri};
  for (const api::StreamJob& job : {by_name, by_uri})
    add_in_use(job, RestoreFrom::kAlways, it.in_use);
  EXPECT_THAT(expired(it), ElementsAre("u-3"));
  by_status.status.savepoint = it.owned[3].status.uri;
  add_in_use(by_status, RestoreFrom::kAlways, it.in_use);
  EXPECT_THAT(expired(it), IsEmpty());
}

TEST(InUse, UntilItWasActedUponAndAgainWithANewNonce) {
  api::StreamJob job;
  job.spec.restore_from = api::RestoreFrom{.snapshot = "s"};
  const auto in_use = [&] {
    std::set<std::string> all;
    add_in_use(job, RestoreFrom::kUntilDone, all);
    return all.contains("s");
  };
  EXPECT_TRUE(in_use());
  job.status.counters.pods = 1;
  EXPECT_FALSE(in_use());
  job.spec.restore_nonce = 1;
  EXPECT_TRUE(in_use());
  job.status.nonces.restore = 1;
  EXPECT_FALSE(in_use());
  job.status.savepoint = "s";
  EXPECT_TRUE(in_use()) << "no checkpoint since";
  job.status.phase = api::Phase::kFinished;
  EXPECT_FALSE(in_use()) << "nothing will start from it";
}

}  // namespace
}  // namespace penstock
