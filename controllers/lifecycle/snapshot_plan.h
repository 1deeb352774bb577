#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/api/job_snapshot.h"
#include "controllers/lifecycle/plan.h"

namespace penstock {

struct ObservedSnapshot {
  api::JobSnapshot snapshot;
  Verdict verdict;                       // of admission on it
  std::optional<api::StreamJob> job;     // that jobRef names
  std::optional<api::JobReport> report;  // of its engine; absent: it does not answer
  bool in_use = false;         // a job is to restore from it, or has and has no checkpoint since
  bool reaches_files = false;  // the operator itself can delete files below the installation's root
  Millis not_before = 0;       // of the next attempt, after one that failed
  int disposals = 0;           // of its files, that failed
  Installation installation;
  Millis now = 0;
};

// A checkpoint of the job's own.
struct EngineCheckpoint {
  std::int64_t generation = 0, decision = 0;
  friend bool operator==(const EngineCheckpoint&, const EngineCheckpoint&) = default;
};
// Files of the snapshot: deleted by the operator, or by the engine of the job, which deletes only
// what it wrote as a savepoint. RemoveFinalizer follows once all are gone.
struct DeleteFiles {
  std::vector<std::string> uris;
  friend bool operator==(const DeleteFiles&, const DeleteFiles&) = default;
};
struct EngineDispose {
  std::vector<std::string> uris;
  std::int64_t generation = 0, decision = 0;
  friend bool operator==(const EngineDispose&, const EngineDispose&) = default;
};
using SnapshotAction = std::variant<AddFinalizer, RemoveFinalizer, EngineSavepoint,
                                    EngineCheckpoint, DeleteFiles, EngineDispose>;

// At most one action. Apply like a Plan: status first. When an engine has answered the order for a
// savepoint or a checkpoint, write with_result.
struct SnapshotPlan {
  api::JobSnapshotStatus status;
  std::vector<EventNote> events;
  std::optional<SnapshotAction> action;
  Requeue requeue;
};
SnapshotPlan plan_snapshot(const ObservedSnapshot& observed);

// The status after the engine has answered the order: with the checkpoint's number, or the error.
// A failure is tried again under another URI, three times in all, at `not_before` or later. The
// Event's note says the same.
struct SnapshotResult {
  api::JobSnapshotStatus status;
  EventNote event;
  Millis not_before = 0;
};
struct Taken {
  std::uint64_t checkpoint = 0, state_bytes = 0;
};
SnapshotResult with_result(const ObservedSnapshot& observed, api::JobSnapshotStatus status,
                           const Result<Taken>& taken);

// What to say when the files stay although the object goes.
EventNote files_kept(const api::JobSnapshot& snapshot, const std::string& why);

}  // namespace penstock
