#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/api/field.h"
#include "runtime/base/clock.h"
#include "runtime/base/ids.h"

namespace penstock::api {

// What the operator asks of an engine, whichever engine it is. Counters are totals since process
// start; an absent value is unknown, which is never the same as zero.

struct SubtaskReport {
  std::uint32_t index = 0;
  std::uint64_t rows_in = 0;  // a source counts what it read
  std::uint64_t rows_out = 0;
  std::uint64_t busy_nanos = 0;
  std::uint64_t blocked_nanos = 0;
  std::uint64_t queued_rows = 0;
  friend bool operator==(const SubtaskReport&, const SubtaskReport&) = default;
};

struct SplitReport {
  std::string id;
  std::uint64_t rows = 0;
  std::optional<std::uint64_t> behind;
  friend bool operator==(const SplitReport&, const SplitReport&) = default;
};

// One chain, the unit of parallelism.
struct ChainReport {
  std::string name;
  std::vector<std::string> operators;
  std::vector<std::size_t> inputs;  // chains that feed it
  bool source = false;
  bool sink = false;
  bool keyed = false;
  std::uint32_t parallelism = 0;
  std::uint64_t late_rows = 0;
  std::uint64_t undecodable_rows = 0;
  std::optional<std::uint64_t> behind;  // source: rows not yet read
  Millis watermark = kNoWatermark;
  std::uint64_t state_bytes = 0;
  std::vector<SubtaskReport> subtasks;
  std::vector<SplitReport> splits;
  friend bool operator==(const ChainReport&, const ChainReport&) = default;
};

struct CheckpointReport {
  std::uint64_t completed = 0, failed = 0;
  std::uint64_t last_id = 0;
  Millis last_at = 0, last_duration = 0;
  std::uint64_t last_new_bytes = 0, last_bytes = 0;
  Duration longest_hold{0};
  std::string last_error;
  friend bool operator==(const CheckpointReport&, const CheckpointReport&) = default;
};

struct RescaleReport {
  std::uint64_t count = 0;
  Millis at = 0;
  std::uint32_t from = 0, to = 0;
  std::uint32_t moved_groups = 0;
  Duration longest_pause{0};
  Duration duration{0};
  std::string reason;
  friend bool operator==(const RescaleReport&, const RescaleReport&) = default;
};

struct FailureReport {
  Millis at = 0;
  std::string operator_name, message;
  friend bool operator==(const FailureReport&, const FailureReport&) = default;
};

enum class EndingKind { kFinished, kFailed, kStopped, kSuperseded };
constexpr auto names_of(EndingKind) {
  return std::array<std::string_view, 4>{"Finished", "Failed", "Stopped", "Superseded"};
}
struct EndingReport {
  EndingKind kind = EndingKind::kFinished;
  std::string reason, message;
  friend bool operator==(const EndingReport&, const EndingReport&) = default;
};

// Of a process that follows another one.
struct FollowReport {
  std::uint64_t record = 0;  // of the log: the publication that it holds; 0: none yet
  std::uint64_t checkpoint_id = 0;
  std::uint64_t bytes_behind = 0;  // of the newest publication, not fetched yet
  bool caught_up = false;          // taking over would take a small difference
  Millis at = 0;                   // when that publication was held
  friend bool operator==(const FollowReport&, const FollowReport&) = default;
};

// Of a process that took over from another one.
struct MoveReport {
  Millis at = 0;
  Duration pause{0};  // predecessor's stop at its barrier to first row processed here
  std::string from;   // "pid 12 on host a"
  std::string reason;
  friend bool operator==(const MoveReport&, const MoveReport&) = default;
};

struct JobReport {
  std::string job, uid, log_id;
  std::string phase;  // Starting Following Running Rescaling Restarting Stopping Ended
  std::string restored_from;
  Millis at = 0;
  Millis started_at = 0;
  std::uint32_t wanted = 0, running = 0;
  std::uint64_t table_version = 0;
  std::uint64_t restarts = 0;
  std::int64_t state_bytes = 0, state_limit = 0;
  std::uint32_t cpu_millis = 0;
  std::uint64_t generation = 0, decision = 0;
  std::vector<ChainReport> chains;
  CheckpointReport checkpoints;
  RescaleReport rescales;
  std::vector<FailureReport> failures;
  std::optional<EndingReport> ending;
  std::optional<FollowReport> following;
  std::optional<MoveReport> move;
  friend bool operator==(const JobReport&, const JobReport&) = default;
};

}  // namespace penstock::api
