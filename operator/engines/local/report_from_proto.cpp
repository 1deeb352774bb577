#include "operator/engines/local/report_from_proto.h"

#include "runtime/control/proto/control.pb.h"

namespace penstock {
namespace {

api::SubtaskReport from_proto(const v1::SubtaskReport& in) {
  return {.index = in.index(),
          .rows_in = in.rows_in(),
          .rows_out = in.rows_out(),
          .busy_nanos = in.busy_nanos(),
          .blocked_nanos = in.blocked_nanos(),
          .queued_rows = in.queued_rows()};
}

api::ChainReport from_proto(const v1::ChainReport& in) {
  api::ChainReport out;
  out.name = in.name();
  out.operators.assign(in.operators().begin(), in.operators().end());
  out.inputs.assign(in.inputs().begin(), in.inputs().end());
  out.source = in.source();
  out.sink = in.sink();
  out.keyed = in.keyed();
  out.parallelism = in.parallelism();
  out.late_rows = in.late_rows();
  out.undecodable_rows = in.undecodable_rows();
  if (in.has_behind()) out.behind = in.behind();
  out.watermark = in.watermark();
  out.state_bytes = in.state_bytes();
  for (const v1::SubtaskReport& subtask : in.subtasks()) {
    out.subtasks.push_back(from_proto(subtask));
  }
  for (const v1::SplitReport& split : in.splits()) {
    api::SplitReport& added = out.splits.emplace_back();
    added.id = split.id();
    added.rows = split.rows();
    if (split.has_behind()) added.behind = split.behind();
  }
  return out;
}

api::CheckpointReport from_proto(const v1::CheckpointReport& in) {
  return {.completed = in.completed(),
          .failed = in.failed(),
          .last_id = in.last_id(),
          .last_at = in.last_at(),
          .last_duration = in.last_duration_millis(),
          .last_new_bytes = in.last_new_bytes(),
          .last_bytes = in.last_bytes(),
          .longest_hold = Duration(in.longest_hold_nanos()),
          .last_error = in.last_error()};
}

api::RescaleReport from_proto(const v1::RescaleReport& in) {
  return {.count = in.count(),
          .at = in.at(),
          .from = in.from(),
          .to = in.to(),
          .moved_groups = in.moved_groups(),
          .longest_pause = Duration(in.longest_pause_nanos()),
          .duration = Duration(in.duration_nanos()),
          .reason = in.reason()};
}

api::EndingKind from_proto(v1::EndingReport::Kind kind) {
  switch (kind) {
    case v1::EndingReport::FINISHED:
      return api::EndingKind::kFinished;
    case v1::EndingReport::STOPPED:
      return api::EndingKind::kStopped;
    case v1::EndingReport::SUPERSEDED:
      return api::EndingKind::kSuperseded;
    default:
      return api::EndingKind::kFailed;
  }
}

}  // namespace

api::JobReport from_proto(const v1::JobReport& in) {
  api::JobReport out;
  out.job = in.job();
  out.uid = in.uid();
  out.log_id = in.log_id();
  out.phase = in.phase();
  out.restored_from = in.restored_from();
  out.at = in.at();
  out.started_at = in.started_at();
  out.wanted = in.wanted();
  out.running = in.running();
  out.table_version = in.table_version();
  out.restarts = in.restarts();
  out.state_bytes = in.state_bytes();
  out.state_limit = in.state_limit();
  out.cpu_millis = in.cpu_millis();
  out.generation = in.generation();
  out.decision = in.decision();
  for (const v1::ChainReport& chain : in.chains()) out.chains.push_back(from_proto(chain));
  out.checkpoints = from_proto(in.checkpoints());
  out.rescales = from_proto(in.rescales());
  for (const v1::FailureReport& failure : in.failures()) {
    out.failures.push_back({failure.at(), failure.operator_name(), failure.message()});
  }
  if (in.has_ending()) {
    out.ending = api::EndingReport{from_proto(in.ending().kind()), in.ending().reason(),
                                   in.ending().message()};
  }
  if (in.has_following()) {
    const v1::FollowReport& following = in.following();
    out.following = api::FollowReport{.record = following.record(),
                                      .checkpoint_id = following.checkpoint_id(),
                                      .bytes_behind = following.bytes_behind(),
                                      .caught_up = following.caught_up(),
                                      .at = following.at()};
  }
  if (in.has_move()) {
    out.move = api::MoveReport{.at = in.move().at(),
                               .pause = Duration(in.move().pause_nanos()),
                               .from = in.move().from(),
                               .reason = in.move().reason()};
  }
  return out;
}

}  // namespace penstock
