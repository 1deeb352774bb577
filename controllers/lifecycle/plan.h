#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/admission/verdict.h"
#include "controllers/api/job_report.h"
#include "controllers/api/pod.h"
#include "controllers/api/stream_job.h"
#include "controllers/autoscaler/autoscaler.h"
#include "controllers/desired/installation.h"
#include "controllers/desired/objects.h"

namespace penstock {

// Everything that a decision about one StreamJob depends on.
struct Observed {
  api::StreamJob job;
  std::vector<api::Pod> pods;               // that the job controls
  std::vector<api::ConfigMap> config_maps;  // that the job controls
  std::optional<std::string> sql;  // spec.sql, or what sqlFrom refers to; absent: not found
  Verdict verdict;                 // of admission on this job with that SQL
  // What does not fit between versions[0]'s SQL (see running_sql) and the new one; empty when it
  // is the same, or nothing ran yet.
  std::vector<std::string> misfits;
  std::optional<std::string>
      restore_uri;  // of spec.restoreFrom; absent when its snapshot is not complete
  std::optional<api::ScalingPolicySpec> policy;  // that spec.scaling names, accepted by admission
  api::JobError policy_error;  // why there is none although spec.scaling names one
  // What does not fit between versions[0]'s SQL and the SQL of the version that a rollback would
  // return to (see stable_version), either way.
  std::vector<std::string> rollback_misfits;
  // The newest report of the process in the active Pod (see active_pod). Absent: the engine does
  // not answer, since `unknown_since` (0: it was never asked).
  std::optional<api::JobReport> report;
  Millis unknown_since = 0;
  std::string unknown_reason;
  std::optional<api::JobReport> successor_report;  // of the process in the successor's Pod
  std::vector<api::Node> nodes;  // that the job's Pods are on; those that could not be seen are not
  bool can_resize = true;        // whether the API server knows pods/resize
  ScalingHistory scaling;        // as the last plan returned it
  Installation installation;
  Millis now = 0;
};

// The actions. Deletes carry what was observed as preconditions; orders to the engine carry the
// job's generation and a number that status counted first.
struct AddFinalizer {
  friend bool operator==(const AddFinalizer&, const AddFinalizer&) = default;
};
struct RemoveFinalizer {
  friend bool operator==(const RemoveFinalizer&, const RemoveFinalizer&) = default;
};
struct CreateConfigMap {
  DesiredObject object;
  friend bool operator==(const CreateConfigMap&, const CreateConfigMap&) = default;
};
struct DeleteConfigMap {
  std::string name, uid, resource_version;
  friend bool operator==(const DeleteConfigMap&, const DeleteConfigMap&) = default;
};
// The Secret of build_certificate, unless it is there. Its content is drawn when this is done.
struct CreateCertificate {
  friend bool operator==(const CreateCertificate&, const CreateCertificate&) = default;
};
struct CreatePod {
  DesiredObject object;
  friend bool operator==(const CreatePod&, const CreatePod&) = default;
};
struct DeletePod {
  std::string name, uid, resource_version;
  friend bool operator==(const DeletePod&, const DeletePod&) = default;
};
// See resized_pod for the body.
struct ResizePod {
  std::string name, uid, resource_version;
  PodSize size;
  friend bool operator==(const ResizePod&, const ResizePod&) = default;
};
struct EngineRescale {
  std::int32_t slots = 1;
  std::int64_t generation = 0, decision = 0;
  std::string reason;
  friend bool operator==(const EngineRescale&, const EngineRescale&) = default;
};
enum class EngineStopMode { kNow, kSavepoint };  // both end with a last checkpoint
struct EngineStop {
  EngineStopMode mode = EngineStopMode::kNow;
  std::string savepoint_uri;
  std::int64_t generation = 0, decision = 0;
  friend bool operator==(const EngineStop&, const EngineStop&) = default;
};
struct EngineSavepoint {
  std::string uri;
  std::int64_t generation = 0, decision = 0;
  friend bool operator==(const EngineSavepoint&, const EngineSavepoint&) = default;
};
// To the active process: a last checkpoint, and the next claims the job.
struct EngineHandOver {
  std::int64_t generation = 0, decision = 0;
  friend bool operator==(const EngineHandOver&, const EngineHandOver&) = default;
};
// To the process in that Pod, which follows: it claims the job when its predecessor has handed
// over, or at once.
struct EngineTakeOver {
  std::string pod_uid;
  std::int64_t generation = 0, decision = 0;
  bool now = false;
  friend bool operator==(const EngineTakeOver&, const EngineTakeOver&) = default;
};
// The budget of build_disruption_budget, unless it is there.
struct CreateDisruptionBudget {
  friend bool operator==(const CreateDisruptionBudget&, const CreateDisruptionBudget&) = default;
};
// Everything below the job's own checkpoint URI.
struct DeleteCheckpoints {
  std::string uri;
  friend bool operator==(const DeleteCheckpoints&, const DeleteCheckpoints&) = default;
};
// spec.parallelism, written with the observed resourceVersion.
struct SetParallelism {
  std::int32_t slots = 1;
  friend bool operator==(const SetParallelism&, const SetParallelism&) = default;
};
using Action = std::variant<AddFinalizer, RemoveFinalizer, CreateConfigMap, DeleteConfigMap,
                            CreateCertificate, CreateDisruptionBudget, CreatePod, DeletePod,
                            ResizePod, EngineRescale, EngineStop, EngineSavepoint, EngineHandOver,
                            EngineTakeOver, DeleteCheckpoints, SetParallelism>;
// For logs: "CreatePod bids-1", "EngineRescale 4".
std::string to_string(const Action& action);

// An Event about the job. The reason and the message are a condition's.
struct EventNote {
  bool warning = false;
  std::string reason, message;
  friend bool operator==(const EventNote&, const EventNote&) = default;
};

// When to look again, if nothing happens before.
struct Requeue {
  std::optional<Duration> delay;
  static Requeue after(Duration delay) { return {delay}; }
  static Requeue never() { return {}; }
  friend bool operator==(const Requeue&, const Requeue&) = default;
};

// Apply it in this order, and stop at the first thing that fails: write `status` if it differs from
// the observed one, record `events`, do `actions`. Stopping after any step is safe: the next plan
// goes on from there.
struct Plan {
  api::StreamJobStatus status;
  std::vector<EventNote> events;
  std::vector<Action> actions;
  Requeue requeue;
  ScalingHistory scaling;
  std::optional<ScalingDecision> decision;  // made in this plan, for the log
};

Plan plan_stream_job(const Observed& observed);

// The Pod whose process has the job, "<job>-<status.active>", and the one whose process follows it.
// Nothing: it is not there.
const api::Pod* active_pod(const api::StreamJob& job, const std::vector<api::Pod>& pods);
const api::Pod* successor_pod(const api::StreamJob& job, const std::vector<api::Pod>& pods);
// The number of the active Pod. A status that does not say: the newest.
std::int64_t active_number(const api::StreamJobStatus& status);
// What a rollback of versions[0] would return to: the newest stable version before it whose
// ConfigMap is there. Nothing: there is none.
const api::VersionStatus* stable_version(const api::StreamJob& job,
                                         const std::vector<api::ConfigMap>& config_maps);
// The SQL of the version, from its ConfigMap; empty when that is not there.
std::string sql_of_version(const api::StreamJob& job,
                           const std::vector<api::ConfigMap>& config_maps, std::string_view hash);
// The SQL of versions[0]; empty when nothing ran yet.
std::string running_sql(const api::StreamJob& job, const std::vector<api::ConfigMap>& config_maps);

}  // namespace penstock
