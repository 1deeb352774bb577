#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "controllers/api/meta.h"

namespace penstock::api {

// On a JobSnapshot whose files go with it.
inline constexpr std::string_view kFilesFinalizer = "penstock.dev/files";

struct NameRef {
  std::string name;
  friend bool operator==(const NameRef&, const NameRef&) = default;
};

enum class SnapshotType { kSavepoint, kCheckpoint };
constexpr auto names_of(SnapshotType) {
  return std::array<std::string_view, 2>{"Savepoint", "Checkpoint"};
}
enum class SnapshotFormat { kCanonical };
constexpr auto names_of(SnapshotFormat) { return std::array<std::string_view, 1>{"Canonical"}; }
enum class Retain { kKeep, kDelete };
constexpr auto names_of(Retain) { return std::array<std::string_view, 2>{"Keep", "Delete"}; }
enum class SnapshotPhase { kPending, kInProgress, kCompleted, kFailed, kAbandoned };
constexpr auto names_of(SnapshotPhase) {
  return std::array<std::string_view, 5>{"Pending", "InProgress", "Completed", "Failed",
                                         "Abandoned"};
}

struct JobSnapshotSpec {
  NameRef job_ref;
  SnapshotType type = SnapshotType::kSavepoint;
  SnapshotFormat format = SnapshotFormat::kCanonical;
  Retain retain = Retain::kKeep;
  std::string uri;  // where to; empty: beside the job's checkpoints
  friend bool operator==(const JobSnapshotSpec&, const JobSnapshotSpec&) = default;
};

struct JobError {
  std::string code, message;
  friend bool operator==(const JobError&, const JobError&) = default;
};

struct JobSnapshotStatus {
  std::int64_t observed_generation = 0;
  SnapshotPhase phase = SnapshotPhase::kPending;
  std::string uri;
  std::int64_t size_bytes = 0;
  std::int64_t checkpoint_id = 0;
  Time completed_at;
  std::int32_t failures = 0;
  JobError error;
  std::vector<Condition> conditions;
  friend bool operator==(const JobSnapshotStatus&, const JobSnapshotStatus&) = default;
};

struct JobSnapshot {
  static constexpr std::string_view kKind = "JobSnapshot";
  ObjectMeta metadata;
  JobSnapshotSpec spec;
  JobSnapshotStatus status;
  friend bool operator==(const JobSnapshot&, const JobSnapshot&) = default;
};

}  // namespace penstock::api
