#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/api/job_snapshot.h"
#include "controllers/lifecycle/plan.h"

namespace penstock {

// Everything that the periodic savepoints of one job depend on.
struct ObservedSavepoints {
  api::StreamJob job;
  std::vector<api::JobSnapshot> owned;  // that the job controls
  // Names and URIs that a job in the namespace restores from, or would.
  std::set<std::string> in_use;
  Millis now = 0;
};

struct DeleteSnapshot {
  std::string name, uid, resource_version;
  friend bool operator==(const DeleteSnapshot&, const DeleteSnapshot&) = default;
};

// Nothing is made or deleted while the job does not run: its engine writes and deletes the files.
struct SavepointsPlan {
  std::optional<DesiredObject> create;
  std::vector<DeleteSnapshot> remove;
  Requeue requeue;
};
// The latest moment of the schedule that has no JobSnapshot yet gets one, unless one is still being
// taken: what was missed is made up once. Refused schedules (admission) do nothing.
SavepointsPlan plan_savepoints(const ObservedSavepoints& observed);

// Which of the periodic ones have had their time: beyond the newest `keep`, or older than
// `max_age`. Never the newest complete one, one that is in use, or one that is being taken. Failed
// ones count by themselves.
std::vector<DeleteSnapshot> choose_expired(const ObservedSavepoints& observed);

// What the next process of this job starts from (status.savepoint), or would: the name or URI that
// spec.restoreFrom gives, while it has not been acted upon, or always.
enum class RestoreFrom { kAlways, kUntilDone };
void add_in_use(const api::StreamJob& job, RestoreFrom which, std::set<std::string>& in_use);
bool is_in_use(const api::JobSnapshot& snapshot, const std::set<std::string>& in_use);

}  // namespace penstock
