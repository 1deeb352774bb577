#pragma once

#include <cstddef>
#include <optional>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"

namespace penstock {

// When checkpoints start, when they are complete, when they have failed. Pure: time comes in as an
// argument (monotonic).
class CheckpointCycle {
 public:
  struct Policy {
    Duration interval = std::chrono::seconds(10);
    Duration timeout = std::chrono::minutes(10);
    Duration min_pause{0};
    int tolerable_failures = 3;
  };
  CheckpointCycle(Policy policy, Duration now)
      : policy_(policy), last_start_(now), last_end_(now) {}

  bool running() const { return running_.has_value(); }
  // Barriers are still on their way.
  bool aligning() const { return running_ && running_->acks > 0; }
  CheckpointId id() const { return running_->id; }

  bool due(Duration now) const { return !running() && now >= due_at(); }
  Duration due_at() const;

  void begin(CheckpointId id, std::size_t subtasks, Duration now);
  void add_upload() { ++running_->uploads; }
  // What belongs to another checkpoint than the one that runs is late and means nothing.
  void on_ack(CheckpointId id);
  void on_upload(CheckpointId id);
  bool complete() const { return running_ && running_->acks == 0 && running_->uploads == 0; }
  bool timed_out(Duration now) const { return running_ && now >= deadline(); }
  Duration deadline() const { return running_->started + policy_.timeout; }
  Duration started() const { return running_->started; }

  void succeed(Duration now);
  // True when there have been more failures in a row than the policy tolerates: the attempt fails.
  bool fail(Duration now);

 private:
  struct Running {
    CheckpointId id{};
    Duration started{};
    std::size_t acks = 0;
    std::size_t uploads = 0;
  };
  const Policy policy_;
  std::optional<Running> running_;
  Duration last_start_;
  Duration last_end_;
  int failures_ = 0;
};

}  // namespace penstock
