#include "runtime/control/report_proto.h"

#include "runtime/control/proto/control.pb.h"

namespace penstock {
namespace {

void to_proto(const SubtaskReport& subtask, v1::SubtaskReport& out) {
  out.set_index(subtask.index);
  out.set_rows_in(subtask.rows_in);
  out.set_rows_out(subtask.rows_out);
  out.set_busy_nanos(subtask.busy_nanos);
  out.set_blocked_nanos(subtask.blocked_nanos);
  out.set_queued_rows(subtask.queued_rows);
}

void to_proto(const ChainReport& chain, v1::ChainReport& out) {
  out.set_name(chain.name);
  for (const std::string& name : chain.operators) out.add_operators(name);
  for (const std::size_t input : chain.inputs) out.add_inputs(static_cast<std::uint32_t>(input));
  out.set_source(chain.source);
  out.set_sink(chain.sink);
  out.set_keyed(chain.keyed);
  out.set_parallelism(chain.parallelism);
  out.set_late_rows(chain.late_rows);
  out.set_undecodable_rows(chain.undecodable_rows);
  if (chain.behind) out.set_behind(*chain.behind);
  out.set_watermark(chain.watermark);
  out.set_state_bytes(chain.state_bytes);
  for (const SubtaskReport& subtask : chain.subtasks) to_proto(subtask, *out.add_subtasks());
  for (const SplitReport& split : chain.splits) {
    v1::SplitReport& added = *out.add_splits();
    added.set_id(split.id);
    added.set_rows(split.rows);
    if (split.behind) added.set_behind(*split.behind);
  }
}

void to_proto(const CheckpointReport& checkpoints, v1::CheckpointReport& out) {
  out.set_completed(checkpoints.completed);
  out.set_failed(checkpoints.failed);
  out.set_last_id(checkpoints.last_id);
  out.set_last_at(checkpoints.last_at);
  out.set_last_duration_millis(checkpoints.last_duration);
  out.set_last_new_bytes(checkpoints.last_new_bytes);
  out.set_last_bytes(checkpoints.last_bytes);
  out.set_longest_hold_nanos(checkpoints.longest_hold.count());
  out.set_last_error(checkpoints.last_error);
}

void to_proto(const RescaleReport& rescales, v1::RescaleReport& out) {
  out.set_count(rescales.count);
  out.set_at(rescales.at);
  out.set_from(rescales.from);
  out.set_to(rescales.to);
  out.set_moved_groups(rescales.moved_groups);
  out.set_longest_pause_nanos(rescales.longest_pause.count());
  out.set_duration_nanos(rescales.duration.count());
  out.set_reason(rescales.reason);
}

v1::EndingReport::Kind to_proto(Ending::Kind kind) {
  switch (kind) {
    case Ending::Kind::kFinished:
      return v1::EndingReport::FINISHED;
    case Ending::Kind::kFailed:
      return v1::EndingReport::FAILED;
    case Ending::Kind::kStopped:
      return v1::EndingReport::STOPPED;
    case Ending::Kind::kSuperseded:
      return v1::EndingReport::SUPERSEDED;
  }
  return v1::EndingReport::FAILED;
}

}  // namespace

void to_proto(const JobReport& report, v1::JobReport& out) {
  out.set_job(report.job);
  out.set_uid(report.uid);
  out.set_log_id(report.log_id);
  out.set_phase(report.phase);
  out.set_restored_from(report.restored_from);
  out.set_at(report.at);
  out.set_started_at(report.started_at);
  out.set_wanted(report.wanted);
  out.set_running(report.running);
  out.set_table_version(report.table_version);
  out.set_restarts(report.restarts);
  out.set_state_bytes(report.state_bytes);
  out.set_state_limit(report.state_limit);
  out.set_cpu_millis(report.cpu_millis);
  out.set_generation(report.generation);
  out.set_decision(report.decision);
  for (const ChainReport& chain : report.chains) to_proto(chain, *out.add_chains());
  to_proto(report.checkpoints, *out.mutable_checkpoints());
  to_proto(report.rescales, *out.mutable_rescales());
  for (const FailureReport& failure : report.failures) {
    v1::FailureReport& added = *out.add_failures();
    added.set_at(failure.at);
    added.set_operator_name(failure.operator_name);
    added.set_message(failure.message);
  }
  if (report.ending) {
    v1::EndingReport& ending = *out.mutable_ending();
    ending.set_kind(to_proto(report.ending->kind));
    ending.set_reason(report.ending->reason);
    ending.set_message(report.ending->message);
  }
  if (report.following) {
    v1::FollowReport& following = *out.mutable_following();
    following.set_record(report.following->record);
    following.set_checkpoint_id(report.following->checkpoint_id);
    following.set_bytes_behind(report.following->bytes_behind);
    following.set_caught_up(report.following->caught_up);
    following.set_at(report.following->at);
  }
  if (report.move) {
    v1::MoveReport& move = *out.mutable_move();
    move.set_at(report.move->at);
    move.set_pause_nanos(report.move->pause.count());
    move.set_from(report.move->from);
    move.set_reason(report.move->reason);
  }
}

}  // namespace penstock
