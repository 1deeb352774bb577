#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/api/job_snapshot.h"
#include "controllers/desired/objects.h"

namespace penstock {

// When a periodic savepoint was due; on its JobSnapshot.
inline constexpr std::string_view kScheduledAt = "penstock.dev/scheduled-at";

// The JobSnapshot that the schedule of a job makes at `scheduled`: "<job>-202611230405", so that
// making it twice is AlreadyExists. The job owns it; its files go with it.
DesiredObject build_periodic_snapshot(const api::StreamJob& job, Millis scheduled);
// When it was due; 0 for a snapshot that no schedule made.
Millis scheduled_at(const api::JobSnapshot& snapshot);

// Where attempt `number` (from 0) to take it goes: each to a place of its own, so that a half
// written one is never mistaken. Empty: neither the snapshot nor the job's storage names one.
std::string snapshot_place(const api::JobSnapshot& snapshot, const api::StreamJob& job,
                           const Installation& installation, std::int32_t number);
// Places that hold files of it, or may: of each attempt that was begun. From its status alone, as
// the job may be gone.
std::vector<std::string> places_of(const api::JobSnapshot& snapshot);
// Whether a place lies where the installation keeps files of jobs, under the names that this
// snapshot alone has: then the operator may delete it, whoever wrote that status.
bool is_own_place(const std::string& uri, const api::JobSnapshot& snapshot,
                  const Installation& installation);
// How a retained checkpoint of a job is named: its URI with "#checkpoint-<id>".
std::string checkpoint_place(const api::StreamJob& job, const Installation& installation,
                             std::int64_t checkpoint);

}  // namespace penstock
