#include "runtime/job/checkpoint_cycle.h"

#include <algorithm>

namespace penstock {

Duration CheckpointCycle::due_at() const {
  return std::max(last_start_ + policy_.interval, last_end_ + policy_.min_pause);
}

void CheckpointCycle::begin(CheckpointId id, std::size_t subtasks, Duration now) {
  running_ = Running{.id = id, .started = now, .acks = subtasks};
  last_start_ = now;
}

void CheckpointCycle::on_ack(CheckpointId id) {
  if (running_ && running_->id == id && running_->acks > 0) --running_->acks;
}

void CheckpointCycle::on_upload(CheckpointId id) {
  if (running_ && running_->id == id && running_->uploads > 0) --running_->uploads;
}

void CheckpointCycle::succeed(Duration now) {
  running_.reset();
  last_end_ = now;
  failures_ = 0;
}

bool CheckpointCycle::fail(Duration now) {
  running_.reset();
  last_end_ = now;
  return ++failures_ > policy_.tolerable_failures;
}

}  // namespace penstock
