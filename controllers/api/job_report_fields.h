#pragma once

#include "controllers/api/job_report.h"

// The field lists of job_report.h; its JSON is what traces and `--json` outputs hold.
namespace penstock::api {

inline constexpr std::size_t kAnyLength = 1u << 24;

template <typename V>
void describe(Type<SubtaskReport>, V& v) {
  using S = SubtaskReport;
  v({.name = "index", .doc = "", .always = true}, &S::index);
  v({.name = "rowsIn", .doc = "", .always = true}, &S::rows_in);
  v({.name = "rowsOut", .doc = "", .always = true}, &S::rows_out);
  v({.name = "busyNanos", .doc = "", .always = true}, &S::busy_nanos);
  v({.name = "blockedNanos", .doc = "", .always = true}, &S::blocked_nanos);
  v({.name = "queuedRows", .doc = "", .always = true}, &S::queued_rows);
}

template <typename V>
void describe(Type<SplitReport>, V& v) {
  v({.name = "id", .doc = "", .max = kAnyLength}, &SplitReport::id);
  v({.name = "rows", .doc = "", .always = true}, &SplitReport::rows);
  v({.name = "behind", .doc = ""}, &SplitReport::behind);
}

template <typename V>
void describe(Type<ChainReport>, V& v) {
  using S = ChainReport;
  v({.name = "name", .doc = "", .always = true, .max = kAnyLength}, &S::name);
  v({.name = "operators", .doc = "", .max = kAnyLength}, &S::operators);
  v({.name = "inputs", .doc = "", .max = kAnyLength}, &S::inputs);
  v({.name = "source", .doc = ""}, &S::source);
  v({.name = "sink", .doc = ""}, &S::sink);
  v({.name = "keyed", .doc = ""}, &S::keyed);
  v({.name = "parallelism", .doc = "", .always = true}, &S::parallelism);
  v({.name = "lateRows", .doc = ""}, &S::late_rows);
  v({.name = "undecodableRows", .doc = ""}, &S::undecodable_rows);
  v({.name = "behind", .doc = ""}, &S::behind);
  v({.name = "watermark", .doc = ""}, &S::watermark);
  v({.name = "stateBytes", .doc = ""}, &S::state_bytes);
  v({.name = "subtasks", .doc = "", .max = kAnyLength}, &S::subtasks);
  v({.name = "splits", .doc = "", .max = kAnyLength}, &S::splits);
}

template <typename V>
void describe(Type<CheckpointReport>, V& v) {
  using S = CheckpointReport;
  v({.name = "completed", .doc = "", .always = true}, &S::completed);
  v({.name = "failed", .doc = "", .always = true}, &S::failed);
  v({.name = "lastId", .doc = ""}, &S::last_id);
  v({.name = "lastAt", .doc = ""}, &S::last_at);
  v({.name = "lastDuration", .doc = ""}, &S::last_duration);
  v({.name = "lastNewBytes", .doc = ""}, &S::last_new_bytes);
  v({.name = "lastBytes", .doc = ""}, &S::last_bytes);
  v({.name = "longestHold", .doc = ""}, &S::longest_hold);
  v({.name = "lastError", .doc = "", .max = kAnyLength}, &S::last_error);
}

template <typename V>
void describe(Type<RescaleReport>, V& v) {
  using S = RescaleReport;
  v({.name = "count", .doc = "", .always = true}, &S::count);
  v({.name = "at", .doc = ""}, &S::at);
  v({.name = "from", .doc = ""}, &S::from);
  v({.name = "to", .doc = ""}, &S::to);
  v({.name = "movedGroups", .doc = ""}, &S::moved_groups);
  v({.name = "longestPause", .doc = ""}, &S::longest_pause);
  v({.name = "duration", .doc = ""}, &S::duration);
  v({.name = "reason", .doc = "", .max = kAnyLength}, &S::reason);
}

template <typename V>
void describe(Type<FailureReport>, V& v) {
  using S = FailureReport;
  v({.name = "at", .doc = ""}, &S::at);
  v({.name = "operator", .doc = "", .max = kAnyLength}, &S::operator_name);
  v({.name = "message", .doc = "", .max = kAnyLength}, &S::message);
}

template <typename V>
void describe(Type<EndingReport>, V& v) {
  using S = EndingReport;
  v({.name = "kind", .doc = "", .always = true}, &S::kind);
  v({.name = "reason", .doc = "", .max = kAnyLength}, &S::reason);
  v({.name = "message", .doc = "", .max = kAnyLength}, &S::message);
}

template <typename V>
void describe(Type<FollowReport>, V& v) {
  using S = FollowReport;
  v({.name = "record", .doc = "", .always = true}, &S::record);
  v({.name = "checkpointId", .doc = "", .always = true}, &S::checkpoint_id);
  v({.name = "bytesBehind", .doc = "", .always = true}, &S::bytes_behind);
  v({.name = "caughtUp", .doc = "", .always = true}, &S::caught_up);
  v({.name = "at", .doc = ""}, &S::at);
}

template <typename V>
void describe(Type<MoveReport>, V& v) {
  using S = MoveReport;
  v({.name = "at", .doc = "", .always = true}, &S::at);
  v({.name = "pause", .doc = "", .always = true}, &S::pause);
  v({.name = "from", .doc = "", .max = kAnyLength}, &S::from);
  v({.name = "reason", .doc = "", .max = kAnyLength}, &S::reason);
}

template <typename V>
void describe(Type<JobReport>, V& v) {
  using S = JobReport;
  v({.name = "job", .doc = "", .max = kAnyLength}, &S::job);
  v({.name = "uid", .doc = "", .max = kAnyLength}, &S::uid);
  v({.name = "logId", .doc = "", .max = kAnyLength}, &S::log_id);
  v({.name = "phase", .doc = "", .always = true}, &S::phase);
  v({.name = "restoredFrom", .doc = "", .max = kAnyLength}, &S::restored_from);
  v({.name = "at", .doc = "", .always = true}, &S::at);
  v({.name = "startedAt", .doc = ""}, &S::started_at);
  v({.name = "wanted", .doc = "", .always = true}, &S::wanted);
  v({.name = "running", .doc = "", .always = true}, &S::running);
  v({.name = "tableVersion", .doc = ""}, &S::table_version);
  v({.name = "restarts", .doc = ""}, &S::restarts);
  v({.name = "stateBytes", .doc = ""}, &S::state_bytes);
  v({.name = "stateLimit", .doc = ""}, &S::state_limit);
  v({.name = "cpuMillis", .doc = ""}, &S::cpu_millis);
  v({.name = "generation", .doc = ""}, &S::generation);
  v({.name = "decision", .doc = ""}, &S::decision);
  v({.name = "chains", .doc = "", .max = kAnyLength}, &S::chains);
  v({.name = "checkpoints", .doc = ""}, &S::checkpoints);
  v({.name = "rescales", .doc = ""}, &S::rescales);
  v({.name = "failures", .doc = "", .max = kAnyLength}, &S::failures);
  v({.name = "ending", .doc = ""}, &S::ending);
  v({.name = "following", .doc = ""}, &S::following);
  v({.name = "move", .doc = ""}, &S::move);
}

}  // namespace penstock::api
