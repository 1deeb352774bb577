#pragma once

#include "controllers/api/stream_job.h"
#include "controllers/api/stream_job_spec_fields.h"

// The field lists of stream_job.h.
namespace penstock::api {

template <typename V>
void describe(Type<ParallelismStatus>, V& v) {
  v({.name = "desired", .doc = "Slots that are wanted now.", .always = true},
    &ParallelismStatus::desired);
  v({.name = "running", .doc = "Slots that run.", .always = true}, &ParallelismStatus::running);
}

template <typename V>
void describe(Type<PodsStatus>, V& v) {
  v({.name = "desired", .doc = "Pods that are wanted now.", .always = true}, &PodsStatus::desired);
  v({.name = "ready", .doc = "Pods that are ready.", .always = true}, &PodsStatus::ready);
}

template <typename V>
void describe(Type<OperatorStatus>, V& v) {
  using S = OperatorStatus;
  v({.name = "name", .doc = "The operators of one chain.", .required = true, .max = 1024},
    &S::name);
  v({.name = "parallelism", .doc = "Its subtasks.", .always = true}, &S::parallelism);
  v({.name = "busy", .doc = "Busy share of its busiest subtask."}, &S::busy);
  v({.name = "backPressure", .doc = "Share of time in which its receivers held it up."},
    &S::back_pressure);
  v({.name = "recordsInPerSecond", .doc = "Rows in per second."}, &S::records_in_per_second);
  v({.name = "recordsOutPerSecond", .doc = "Rows out per second."}, &S::records_out_per_second);
  v({.name = "lag", .doc = "Rows that a source has not yet read."}, &S::lag);
}

template <typename V>
void describe(Type<CheckpointStatus>, V& v) {
  using S = CheckpointStatus;
  v({.name = "id", .doc = "Number of the newest complete one."}, &S::id);
  v({.name = "completedAt", .doc = "When it was complete."}, &S::completed_at);
  v({.name = "sizeBytes", .doc = "Its size."}, &S::size_bytes);
  v({.name = "durationMs", .doc = "How long it took."}, &S::duration_ms);
  v({.name = "failures", .doc = "Checkpoints that failed since the process started."},
    &S::failures);
  v({.name = "consecutiveFailures", .doc = "Failures since the newest complete one."},
    &S::consecutive_failures);
  v({.name = "uri", .doc = "Where the job's checkpoints are.", .max = kUriLength}, &S::uri);
}

template <typename V>
void describe(Type<LastScale>, V& v) {
  using S = LastScale;
  v({.name = "time", .doc = "When."}, &S::time);
  v({.name = "from", .doc = "Slots before.", .always = true}, &S::from);
  v({.name = "to", .doc = "Slots after.", .always = true}, &S::to);
  v({.name = "reason", .doc = "Why.", .max = 1024}, &S::reason);
  v({.name = "pauseMs",
     .doc = "Longest time for which a moved key group stood still.",
     .always = true},
    &S::pause_ms);
}

template <typename V>
void describe(Type<LastMove>, V& v) {
  using S = LastMove;
  v({.name = "time", .doc = "When."}, &S::time);
  v({.name = "from", .doc = "The Pod before.", .max = 253}, &S::from);
  v({.name = "to", .doc = "The Pod after.", .max = 253}, &S::to);
  v({.name = "reason", .doc = "Why.", .max = 64}, &S::reason);
  v({.name = "pauseMs",
     .doc = "From the last row that the one processed to the first of the other.",
     .always = true},
    &S::pause_ms);
}

template <typename V>
void describe(Type<SuccessorStatus>, V& v) {
  using S = SuccessorStatus;
  v({.name = "pod", .doc = "The number of its Pod.", .required = true}, &S::pod);
  v({.name = "role", .doc = "What it is for.", .always = true}, &S::role);
  v({.name = "hash", .doc = "The version that it runs.", .max = 64}, &S::hash);
  v({.name = "reason", .doc = "Why, in one CamelCase word.", .max = 64}, &S::reason);
  v({.name = "message", .doc = "Why.", .max = 1024}, &S::message);
  v({.name = "since", .doc = "Since when."}, &S::since);
  v({.name = "decision", .doc = "The number under which the hand-over was ordered."}, &S::decision);
  v({.name = "orderedAt", .doc = "When it was ordered."}, &S::ordered_at);
}

template <typename V>
void describe(Type<GivenUpStatus>, V& v) {
  using S = GivenUpStatus;
  v({.name = "time", .doc = "When."}, &S::time);
  v({.name = "generation", .doc = "The metadata.generation of then."}, &S::generation);
  v({.name = "hash", .doc = "The version that it ran.", .max = 64}, &S::hash);
  v({.name = "reason", .doc = "Why, in one CamelCase word.", .max = 64}, &S::reason);
  v({.name = "message", .doc = "Why.", .max = 1024}, &S::message);
}

template <typename V>
void describe(Type<TrialStatus>, V& v) {
  using S = TrialStatus;
  v({.name = "hash", .doc = "The version.", .required = true, .max = 64}, &S::hash);
  v({.name = "since", .doc = "Since when."}, &S::since);
  v({.name = "restarts", .doc = "The job's restarts before it."}, &S::restarts);
  v({.name = "rate", .doc = "Rows per second that were read before it."}, &S::rate);
  v({.name = "lag", .doc = "Rows that were not yet read before it."}, &S::lag);
}

template <typename V>
void describe(Type<RejectedStatus>, V& v) {
  using S = RejectedStatus;
  v({.name = "hash", .doc = "The version.", .required = true, .max = 64}, &S::hash);
  v({.name = "replacedBy", .doc = "The version that runs in its place.", .max = 64},
    &S::replaced_by);
  v({.name = "time", .doc = "When."}, &S::time);
  v({.name = "restartNonce", .doc = "The restartNonce of then: with another it is tried again."},
    &S::restart_nonce);
  v({.name = "reason", .doc = "Why, in one CamelCase word.", .max = 64}, &S::reason);
  v({.name = "message", .doc = "Why.", .max = 1024}, &S::message);
}

template <typename V>
void describe(Type<VersionStatus>, V& v) {
  using S = VersionStatus;
  v({.name = "hash",
     .doc = "Of what the Pod runs; names the ConfigMap.",
     .required = true,
     .max = 64},
    &S::hash);
  v({.name = "generation", .doc = "The metadata.generation it came with.", .always = true},
    &S::generation);
  v({.name = "image", .doc = "The engine's image.", .max = 1024}, &S::image);
  v({.name = "sqlHash", .doc = "Of the SQL.", .max = 64}, &S::sql_hash);
  v({.name = "stable", .doc = "Whether it ran for upgrade.stableAfter."}, &S::stable);
}

template <typename V>
void describe(Type<Counters>, V& v) {
  v({.name = "pods", .doc = "Pods named so far.", .always = true}, &Counters::pods);
  v({.name = "decisions", .doc = "Orders to the engine counted so far.", .always = true},
    &Counters::decisions);
}

template <typename V>
void describe(Type<ScalingInput>, V& v) {
  using S = ScalingInput;
  v({.name = "chain", .doc = "The operators of one chain.", .required = true, .max = 1024},
    &S::chain);
  v({.name = "trueRate", .doc = "Rows per second that one busy subtask works off."}, &S::true_rate);
  v({.name = "demand", .doc = "Rows per second that arrive, with the backlog's share."},
    &S::demand);
  v({.name = "busy", .doc = "Busy share of its busiest subtask."}, &S::busy);
  v({.name = "slots", .doc = "Slots that it needs at the utilization aimed at."}, &S::slots);
}

template <typename V>
void describe(Type<ScalingStatus>, V& v) {
  using S = ScalingStatus;
  v({.name = "at", .doc = "When it was decided."}, &S::at);
  v({.name = "mode", .doc = "The policy's mode."}, &S::mode);
  v({.name = "current", .doc = "Slots that ran.", .always = true}, &S::current);
  v({.name = "recommended", .doc = "Slots that are recommended.", .always = true}, &S::recommended);
  v({.name = "reason", .doc = "Why, in one CamelCase word.", .max = 64}, &S::reason);
  v({.name = "message", .doc = "Why, with the numbers.", .max = 1024}, &S::message);
  v({.name = "unknown", .doc = "What could not be measured.", .max = 32}, &S::unknown);
  v({.name = "inputs", .doc = "What each chain needs.", .max = 32}, &S::inputs);
}

template <typename V>
void describe(Type<NoncesStatus>, V& v) {
  v({.name = "restart", .doc = "The restartNonce that was acted upon."}, &NoncesStatus::restart);
  v({.name = "restore", .doc = "The restoreNonce that was acted upon."}, &NoncesStatus::restore);
}

template <typename V>
void describe(Type<Pending>, V& v) {
  using S = Pending;
  v({.name = "step", .doc = "What is being done.", .required = true, .max = 32}, &S::step);
  v({.name = "decision", .doc = "The number under which the engine was asked."}, &S::decision);
  v({.name = "slots", .doc = "Slots that were ordered."}, &S::slots);
  v({.name = "since", .doc = "Since when."}, &S::since);
  v({.name = "uri", .doc = "The savepoint that is being written.", .max = kUriLength}, &S::uri);
}

template <typename V>
void describe(Type<StreamJobStatus>, V& v) {
  using S = StreamJobStatus;
  v({.name = "observedGeneration",
     .doc = "The metadata.generation that status speaks of.",
     .always = true},
    &S::observed_generation);
  v({.name = "phase", .doc = "Where the job is.", .always = true}, &S::phase);
  v({.name = "conditions",
     .doc = "Accepted, Ready, Progressing, Degraded, StateSafe, each with the reason.",
     .max = 16,
     .list_key = "type"},
    &S::conditions);
  v({.name = "parallelism", .doc = "Slots."}, &S::parallelism);
  v({.name = "selector", .doc = "For autoscalers; matches no Pod, slots are not Pods.", .max = 512},
    &S::selector);
  v({.name = "engine", .doc = "What runs it."}, &S::engine);
  v({.name = "pods", .doc = "Pods."}, &S::pods);
  v({.name = "operators", .doc = "One entry per chain.", .max = 64}, &S::operators);
  v({.name = "checkpoint", .doc = "The newest complete checkpoint."}, &S::checkpoint);
  v({.name = "savepoint", .doc = "What the next process restores from.", .max = kUriLength},
    &S::savepoint);
  v({.name = "lastScale", .doc = "The latest rescale."}, &S::last_scale);
  v({.name = "lastMove", .doc = "The latest change of process without a stop."}, &S::last_move);
  v({.name = "versions",
     .doc = "What runs, and what ran before, newest first.",
     .max = 8,
     .list_key = "hash"},
    &S::versions);
  v({.name = "counters", .doc = "Numbers that are taken before they are used."}, &S::counters);
  v({.name = "active", .doc = "The number of the Pod that processes; 0: the newest."}, &S::active);
  v({.name = "successor", .doc = "A second process, which follows the first."}, &S::successor);
  v({.name = "givenUp", .doc = "The latest successor that came to nothing."}, &S::given_up);
  v({.name = "trial", .doc = "The version that is to show that it is good."}, &S::trial);
  v({.name = "rejected", .doc = "The version that was bad; it is not tried again."}, &S::rejected);
  v({.name = "nonces", .doc = "Nonces that were acted upon."}, &S::nonces);
  v({.name = "pending", .doc = "A step that is under way."}, &S::pending);
  v({.name = "scaling", .doc = "The autoscaler's latest decision."}, &S::scaling);
  v({.name = "restarts", .doc = "Restarts after failures.", .always = true}, &S::restarts);
  v({.name = "error", .doc = "Why the job failed."}, &S::error);
  v({.name = "refreshedAt", .doc = "When rates and sizes in here were brought up to date."},
    &S::refreshed_at);
}

template <typename V>
void describe(Type<StreamJob>, V& v) {
  using S = StreamJob;
  v({.name = "metadata", .doc = ""}, &S::metadata);
  v({.name = "spec", .doc = "The job as it should be.", .required = true}, &S::spec);
  v({.name = "status", .doc = "The job as it is."}, &S::status);
}

}  // namespace penstock::api
