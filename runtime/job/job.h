#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/checkpoint/records.h"
#include "runtime/graph/graph.h"

namespace penstock {

struct RestartPolicy {
  Duration initial_delay = std::chrono::seconds(1);
  Duration max_delay = std::chrono::minutes(1);
  int max_attempts = 0;  // 0: no limit
};

struct JobOptions {
  JobIdentity identity;
  Parallelism parallelism{1};            // slots, where no recorded table says otherwise
  bool parallelism_is_explicit = false;  // then it wins over the recorded table
  std::uint32_t key_groups = 720;
  std::optional<std::string>
      checkpoints;  // URI; absent: sinks commit on the interval, a restart begins anew
  Duration interval = std::chrono::seconds(10);
  Duration timeout = std::chrono::minutes(10);
  Duration min_pause{0};
  int tolerable_failures = 3;
  int retained = 3;
  enum class From { kLatest, kNone, kUri } from = From::kLatest;
  // A snapshot: "file:///dir" (its newest), "file:///dir#00000042" (a record) or
  // "file:///dir#checkpoint-42".
  std::string from_uri;
  // Names this start. A process that is started again under the same name goes on from the newest
  // checkpoint since, whatever `from` says; empty: each process is a start of its own.
  std::string start_name;
  bool allow_dropped_state = false;
  // Another process runs the job: hold its newest checkpoint ready, and take over when told to, or
  // when that process is gone. Wants checkpoints, and From::kLatest.
  bool follow = false;
  std::int64_t state_memory = 512LL << 20;
  RestartPolicy restart;
  std::size_t batch_rows = 8192;         // rows a source reads at once; tests set 1
  std::size_t channel_bytes = 4u << 20;  // in-flight budget per receiving subtask; tests set 1
};

// How a job ended. Exit codes: 2-api.md.
struct Ending {
  enum class Kind { kFinished, kFailed, kStopped, kSuperseded } kind = Kind::kFinished;
  std::string reason;  // CamelCase: "InputEnded", "RestartsExhausted", "CannotHeal", "Stopped",
                       // "HandedOver", "Superseded"
  std::string message;
};
std::string_view to_string(Ending::Kind kind);

struct SubtaskReport {
  std::uint32_t index = 0;
  std::uint64_t rows_in = 0;  // since process start; a source counts what it read
  std::uint64_t rows_out = 0;
  std::uint64_t busy_nanos = 0;     // CPU time of the slot thread spent on this subtask
  std::uint64_t blocked_nanos = 0;  // had output that its receivers could not take
  std::uint64_t queued_rows = 0;
};

struct SplitReport {
  std::string id;
  std::uint64_t rows = 0;               // emitted since process start, whatever subtask read it
  std::optional<std::uint64_t> behind;  // rows, see SplitReader::rows_behind
};

// One chain, the unit of parallelism.
struct ChainReport {
  std::string name;  // names of its operators, joined by " -> "
  std::vector<std::string> operators;
  std::vector<std::size_t> inputs;  // chains that feed it
  bool source = false;
  bool sink = false;
  bool keyed = false;
  std::uint32_t parallelism = 0;
  std::uint64_t late_rows = 0;
  std::uint64_t undecodable_rows = 0;
  std::optional<std::uint64_t> behind;  // source: rows; unknown if any split's is
  Millis watermark = kNoWatermark;
  std::uint64_t state_bytes = 0;
  std::vector<SubtaskReport> subtasks;
  std::vector<SplitReport> splits;
};

struct CheckpointReport {
  std::uint64_t completed = 0, failed = 0;
  std::uint64_t last_id = 0;
  Millis last_at = 0, last_duration = 0;
  std::uint64_t last_new_bytes = 0, last_bytes = 0;
  Duration longest_hold{0};  // barrier's hold time of the slowest subtask, last checkpoint
  std::string last_error;
};

struct RescaleReport {
  std::uint64_t count = 0;
  Millis at = 0;
  std::uint32_t from = 0, to = 0;
  std::uint32_t moved_groups = 0;
  Duration longest_pause{0};  // of the moved groups: first row held back to first row processed
  Duration duration{0};       // request to running == wanted
  std::string reason;
};

struct FailureReport {
  Millis at = 0;
  std::string operator_name, message;
};

// Of a process that follows another one.
struct FollowReport {
  std::uint64_t record = 0;  // of the log: the publication that it holds; 0: none yet
  std::uint64_t checkpoint_id = 0;
  std::uint64_t bytes_behind = 0;  // of the newest publication, not fetched yet
  bool caught_up = false;          // taking over would take a small difference
  Millis at = 0;                   // when that publication was held
};

// Of a process that took over from another one.
struct MoveReport {
  Millis at = 0;
  Duration pause{0};  // predecessor's stop at its barrier to first row processed here
  std::string from;   // "pid 12 on host a"
  std::string reason;
};

// A consistent-enough picture for people, metrics and the autoscaler. Counters are totals.
struct JobReport {
  std::string job, uid, log_id;
  std::string phase;          // Starting Following Running Rescaling Restarting Stopping Ended
  std::string restored_from;  // empty, or the checkpoint
  Millis at = 0;
  Millis started_at = 0;
  std::uint32_t wanted = 0, running = 0;  // slots
  std::uint64_t table_version = 0;
  std::uint64_t restarts = 0;
  std::int64_t state_bytes = 0, state_limit = 0;
  std::uint32_t cpu_millis = 0;                // what the cgroup grants; 0: unknown
  std::uint64_t generation = 0, decision = 0;  // newest accepted, see control
  std::vector<ChainReport> chains;
  CheckpointReport checkpoints;
  RescaleReport rescales;
  std::vector<FailureReport> failures;  // newest last, at most 16
  std::optional<Ending> ending;
  std::optional<FollowReport> following;
  std::optional<MoveReport> move;
};

// Of all subtasks, since process start.
struct JobTotals {
  std::uint64_t rows_in = 0;   // that sources read
  std::uint64_t rows_out = 0;  // that sinks got
  std::uint64_t late_rows = 0;
  std::uint64_t undecodable_rows = 0;
};
JobTotals total(const JobReport& report);

// kLeave: as kNow, but only this process ends: a follower takes the job over.
enum class StopMode { kNow, kDrain, kSavepoint, kLeave };

// One job from graph to running threads. All but begin() from any thread; orders given before it
// are answered once it is over.
class Job {
 public:
  // A job that has touched nothing yet: what could keep its process from serving (a port in use)
  // is found out before begin(), which takes the job from an older process. `graph` has its
  // variables resolved.
  static Result<std::unique_ptr<Job>> make(StreamGraph graph, JobOptions options, Clock& clock);
  // Made and begun.
  static Result<std::unique_ptr<Job>> start(StreamGraph graph, JobOptions options, Clock& clock);
  virtual ~Job() = default;  // stops now and joins

  // Claims and restores; with JobOptions::follow only begins to follow. Once; returns when the job
  // is running, or follows, or cannot. `address`: where a follower can see whether this process
  // lives.
  virtual Status begin(const std::string& address) = 0;
  Status begin() { return begin(""); }
  virtual JobReport report() = 0;
  // Returns when running == wanted. kInvalid for 0 or more than key groups; a second one waits for
  // the first.
  virtual Status rescale(Parallelism wanted, std::string reason) = 0;
  // Returns with the id when it is published; kUnavailable with the reason when it failed.
  virtual Result<CheckpointId> checkpoint() = 0;
  // A self-contained copy at `uri`.
  virtual Result<CheckpointId> savepoint(const std::string& uri) = 0;
  // A last checkpoint, at whose barrier everything stands still; returns with it when another
  // process has claimed the job: this one ends. kUnavailable when none did within 10 s, and the job
  // goes on.
  virtual Result<CheckpointId> hand_over() = 0;
  // For one that follows: claims the job when its predecessor has handed over, or publishes nothing
  // for 10 s, or `now`. Returns when it runs.
  virtual Status take_over(bool now) = 0;
  // Deletes a savepoint that this job wrote at `uri`, whole or in part; nothing there is a success.
  // kInvalid when it is something else: another job's, or a checkpoint directory.
  virtual Status dispose(const std::string& uri) = 0;
  // Begins to stop; wait() tells how it ended. kSavepoint writes one to `savepoint_uri` first.
  virtual Status stop(StopMode mode, const std::string& savepoint_uri) = 0;
  virtual Ending wait() = 0;
  virtual std::optional<Ending> ending() = 0;
};

}  // namespace penstock
