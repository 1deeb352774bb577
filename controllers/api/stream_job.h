#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/stream_job_spec.h"

namespace penstock::api {

enum class Phase {
  kPending,    // nothing runs yet, or it must not
  kDeploying,  // a Pod exists, the engine has not reported that it processes
  kRunning,
  kRescaling,
  kMoving,
  kUpgrading,  // the old version stops, the new one is not yet processing
  kRollingBack,
  kSuspended,
  kFinished,
  kFailed,
  kDeleting,
};
constexpr auto names_of(Phase) {
  return std::array<std::string_view, 11>{"Pending",  "Deploying", "Running",     "Rescaling",
                                          "Moving",   "Upgrading", "RollingBack", "Suspended",
                                          "Finished", "Failed",    "Deleting"};
}

struct ParallelismStatus {
  std::int32_t desired = 0, running = 0;
  friend bool operator==(const ParallelismStatus&, const ParallelismStatus&) = default;
};
struct PodsStatus {
  std::int32_t desired = 0, ready = 0;
  friend bool operator==(const PodsStatus&, const PodsStatus&) = default;
};
struct OperatorStatus {
  std::string name;
  std::int32_t parallelism = 0;
  std::optional<double> busy, back_pressure, records_in_per_second, records_out_per_second, lag;
  friend bool operator==(const OperatorStatus&, const OperatorStatus&) = default;
};
struct CheckpointStatus {
  std::int64_t id = 0;
  Time completed_at;
  std::int64_t size_bytes = 0, duration_ms = 0;
  std::int64_t failures = 0;  // since the process started
  std::int32_t consecutive_failures = 0;
  std::string uri;
  friend bool operator==(const CheckpointStatus&, const CheckpointStatus&) = default;
};
struct LastScale {
  Time time;
  std::int32_t from = 0, to = 0;
  std::string reason;
  double pause_ms = 0;
  friend bool operator==(const LastScale&, const LastScale&) = default;
};
struct LastMove {
  Time time;
  std::string from, to;  // Pods
  std::string reason;
  double pause_ms = 0;
  friend bool operator==(const LastMove&, const LastMove&) = default;
};
enum class SuccessorRole { kMove, kStandby };
constexpr auto names_of(SuccessorRole) {
  return std::array<std::string_view, 2>{"Move", "Standby"};
}
// A process beside the active one that follows its checkpoints.
struct SuccessorStatus {
  std::int64_t pod = 0;  // the number of its Pod
  SuccessorRole role = SuccessorRole::kMove;
  std::string hash;  // of the version that it runs
  std::string reason, message;
  Time since;
  std::int64_t decision = 0;  // of the hand-over; 0: not ordered yet
  Time ordered_at;
  friend bool operator==(const SuccessorStatus&, const SuccessorStatus&) = default;
};
// A successor that came to nothing.
struct GivenUpStatus {
  Time time;
  std::int64_t generation = 0;
  std::string hash;
  std::string reason, message;
  friend bool operator==(const GivenUpStatus&, const GivenUpStatus&) = default;
};
// A version that is to show that it is good, and what it is measured by.
struct TrialStatus {
  std::string hash;
  Time since;
  std::int64_t restarts = 0;        // of the job when it began
  std::optional<double> rate, lag;  // of the sources before it: rows per second, rows unread
  friend bool operator==(const TrialStatus&, const TrialStatus&) = default;
};
// A version that was bad, and the one that runs in its place.
struct RejectedStatus {
  std::string hash, replaced_by;
  Time time;
  std::int64_t restart_nonce = 0;
  std::string reason, message;
  friend bool operator==(const RejectedStatus&, const RejectedStatus&) = default;
};
struct VersionStatus {
  std::string hash;
  std::int64_t generation = 0;
  std::string image, sql_hash;
  bool stable = false;
  friend bool operator==(const VersionStatus&, const VersionStatus&) = default;
};
struct Counters {
  std::int64_t pods = 0, decisions = 0;
  friend bool operator==(const Counters&, const Counters&) = default;
};
// What the autoscaler saw of one chain in its latest decision.
struct ScalingInput {
  std::string chain;
  std::optional<double> true_rate, demand, busy, slots;
  friend bool operator==(const ScalingInput&, const ScalingInput&) = default;
};
struct ScalingStatus {
  Time at;
  ScalingMode mode = ScalingMode::kOff;
  std::int32_t current = 0, recommended = 0;
  std::string reason, message;
  std::vector<std::string> unknown;
  std::vector<ScalingInput> inputs;
  friend bool operator==(const ScalingStatus&, const ScalingStatus&) = default;
};
// Nonces that have been acted upon.
struct NoncesStatus {
  std::int64_t restart = 0, restore = 0;
  friend bool operator==(const NoncesStatus&, const NoncesStatus&) = default;
};
// A step that takes more than one reconcile; cleared when it is done.
struct Pending {
  std::string step;  // Suspend, Upgrade, RollBack, Rescale, TakeOver
  std::int64_t decision = 0;
  std::int32_t slots = 0;  // of a rescale
  Time since;
  std::string uri;  // of the savepoint that is being written
  friend bool operator==(const Pending&, const Pending&) = default;
};

struct StreamJobStatus {
  std::int64_t observed_generation = 0;
  Phase phase = Phase::kPending;
  std::vector<Condition> conditions;
  ParallelismStatus parallelism;
  std::string selector;
  Engine engine = Engine::kEmbedded;
  PodsStatus pods;
  std::vector<OperatorStatus> operators;
  CheckpointStatus checkpoint;
  std::string savepoint;  // what the next process restores from; empty: the newest checkpoint
  std::optional<LastScale> last_scale;
  std::optional<LastMove> last_move;
  std::vector<VersionStatus> versions;  // newest first; [0] is what runs or is being started
  Counters counters;
  std::int64_t active = 0;  // the number of the Pod that processes; 0: the newest
  std::optional<SuccessorStatus> successor;
  std::optional<GivenUpStatus> given_up;
  std::optional<TrialStatus> trial;
  std::optional<RejectedStatus> rejected;
  NoncesStatus nonces;
  std::optional<Pending> pending;
  std::optional<ScalingStatus> scaling;
  std::int64_t restarts = 0;
  JobError error;
  Time refreshed_at;  // when the numbers in here were last brought up to date
  friend bool operator==(const StreamJobStatus&, const StreamJobStatus&) = default;
};

struct StreamJob {
  static constexpr std::string_view kKind = "StreamJob";
  ObjectMeta metadata;
  StreamJobSpec spec;
  StreamJobStatus status;
  friend bool operator==(const StreamJob&, const StreamJob&) = default;
};

}  // namespace penstock::api
