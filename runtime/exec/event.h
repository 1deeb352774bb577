#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "runtime/base/ids.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/key_groups.h"

namespace penstock {

// What flows through a channel, in one order. Data and control together: that order is what makes a barrier mean something.

struct Watermark {
  Millis time = kNoWatermark;  // no row with a smaller or equal event time follows; kEndOfTime after the last row
};

// One point in the stream that all subtasks share. It carries a checkpoint or new key-group tables, never both.
struct CheckpointBarrier {
  CheckpointId id{};
  CheckpointId base{};  // newest published checkpoint that this one may build on; 0: everything is written again
};
struct RescalePlan;  // exec/rescale.h: new parallelism and key-group table per chain; immutable, shared by all subtasks
struct RescaleBarrier {
  std::shared_ptr<const RescalePlan> plan;
};
using Barrier = std::variant<CheckpointBarrier, RescaleBarrier>;

struct EndOfInput {};

using Event = std::variant<Batch, Watermark, Barrier, EndOfInput>;

}  // namespace penstock
