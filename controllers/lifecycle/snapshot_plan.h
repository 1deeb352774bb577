#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/api/job_snapshot.h"
#include "controllers/lifecycle/plan.h"

namespace penstock {

struct ObservedSnapshot {
  api::JobSnapshot snapshot;
  Verdict verdict;                       // of admission on it
  std::optional<api::StreamJob> job;     // that jobRef names
  std::optional<api::JobReport> report;  // of its engine; absent: it does not answer
  Installation installation;
  Millis now = 0;
};

// At most one EngineSavepoint. Apply like a Plan: status first. Then, when the engine answered,
// write with_result.
struct SnapshotPlan {
  api::JobSnapshotStatus status;
  std::vector<EventNote> events;
  std::optional<EngineSavepoint> order;
  Requeue requeue;
};
SnapshotPlan plan_snapshot(const ObservedSnapshot& observed);

// The status after the engine has answered the order: with the checkpoint's number, or the error.
// A failure is tried again under another URI, three times in all. The Event's note says the same.
struct SnapshotResult {
  api::JobSnapshotStatus status;
  EventNote event;
};
SnapshotResult with_result(api::JobSnapshotStatus status, const Result<std::uint64_t>& checkpoint,
                           std::int64_t size_bytes, Millis now);

}  // namespace penstock
