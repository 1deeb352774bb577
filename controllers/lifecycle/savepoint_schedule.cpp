#include "controllers/lifecycle/savepoint_schedule.h"

#include <algorithm>
#include <chrono>

#include "controllers/desired/snapshots.h"
#include "runtime/base/cron.h"

namespace penstock {
namespace {

using api::SnapshotPhase;

// Clocks are set, machines sleep: never trust a longer wait.
constexpr Millis kLongestLook = 10 * 60 * 1000;

bool runs(const api::StreamJob& job) {
  const api::Phase phase = job.status.phase;
  return !job.metadata.deletion_timestamp &&
         (phase == api::Phase::kRunning || phase == api::Phase::kRescaling);
}

bool is_under_way(const api::JobSnapshot& snapshot) {
  const SnapshotPhase phase = snapshot.status.phase;
  return phase == SnapshotPhase::kPending || phase == SnapshotPhase::kInProgress;
}

// Newest first, without those that are already being deleted.
std::vector<const api::JobSnapshot*> periodic(const ObservedSavepoints& seen) {
  std::vector<const api::JobSnapshot*> all;
  for (const api::JobSnapshot& one : seen.owned)
    if (scheduled_at(one) != 0 && !one.metadata.deletion_timestamp) all.push_back(&one);
  std::ranges::sort(all, std::ranges::greater(),
                    [](const api::JobSnapshot* one) { return scheduled_at(*one); });
  return all;
}

Millis newest_scheduled(const ObservedSavepoints& seen) {
  Millis newest = seen.job.metadata.creation_timestamp.millis;
  for (const api::JobSnapshot& one : seen.owned) newest = std::max(newest, scheduled_at(one));
  return newest;
}

}  // namespace

std::vector<DeleteSnapshot> choose_expired(const ObservedSavepoints& seen) {
  const api::PeriodicSavepoints& rules = seen.job.spec.checkpoints.savepoints;
  std::vector<DeleteSnapshot> expired;
  std::int32_t complete = 0, others = 0;
  for (const api::JobSnapshot* one : periodic(seen)) {
    if (is_under_way(*one)) continue;
    const bool good = one->status.phase == SnapshotPhase::kCompleted;
    const bool newest_good = good && complete == 0;
    const bool beyond = ++(good ? complete : others) > rules.keep;
    const bool old =
        rules.max_age && std::chrono::milliseconds(seen.now - scheduled_at(*one)) > *rules.max_age;
    if ((beyond || old) && !newest_good && !is_in_use(*one, seen.in_use))
      expired.push_back({one->metadata.name, one->metadata.uid, one->metadata.resource_version});
  }
  return expired;
}

SavepointsPlan plan_savepoints(const ObservedSavepoints& seen) {
  SavepointsPlan plan;
  const std::string& text = seen.job.spec.checkpoints.savepoints.schedule;
  if (text.empty() || !runs(seen.job)) return plan;
  const auto schedule = CronSchedule::parse(text);
  if (!schedule) return plan;
  plan.remove = choose_expired(seen);
  const Millis due = schedule->latest_until(seen.now);
  const bool busy = std::ranges::any_of(seen.owned, [](const api::JobSnapshot& one) {
    return scheduled_at(one) != 0 && !one.metadata.deletion_timestamp && is_under_way(one);
  });
  // One that is being taken wakes the job when it is over.
  if (due > newest_scheduled(seen) && !busy) plan.create = build_periodic_snapshot(seen.job, due);
  const Millis wait = std::min(schedule->next_after(seen.now) - seen.now, kLongestLook);
  plan.requeue = Requeue::after(std::chrono::milliseconds(wait));
  return plan;
}

void add_in_use(const api::StreamJob& job, RestoreFrom which, std::set<std::string>& in_use) {
  const bool done =
      job.status.counters.pods > 0 && job.status.nonces.restore == job.spec.restore_nonce;
  if (job.spec.restore_from && (which == RestoreFrom::kAlways || !done)) {
    in_use.insert(job.spec.restore_from->snapshot);
    in_use.insert(job.spec.restore_from->uri);
  }
  const bool over = job.status.phase == api::Phase::kFinished;
  if (which == RestoreFrom::kAlways || !over) in_use.insert(job.status.savepoint);
  in_use.erase("");
}

bool is_in_use(const api::JobSnapshot& snapshot, const std::set<std::string>& in_use) {
  return in_use.contains(snapshot.metadata.name) || in_use.contains(snapshot.status.uri);
}

}  // namespace penstock
