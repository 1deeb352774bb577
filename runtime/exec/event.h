#pragma once

#include <cstdint>
#include <memory>
#include <variant>

#include "runtime/base/ids.h"
#include "runtime/columns/batch.h"
#include "runtime/graph/key_groups.h"

namespace penstock {

// What flows through a channel, in one order. Data and control together: that order is what makes a
// barrier mean something.

struct Watermark {
  // No row with a smaller or equal event time follows; kEndOfTime after the last row.
  Millis time = kNoWatermark;
};

// One point in the stream that all subtasks share. It carries a checkpoint or new key-group tables,
// never both. `sequence` grows by one per barrier of a job's attempt; every channel carries them in
// that order.
struct CheckpointBarrier {
  CheckpointId id{};
  CheckpointId base{};  // newest published checkpoint to build on; 0: everything is written again
  std::uint64_t sequence = 0;
  // Behind it everything stands still until told to go on: the job is to be handed over.
  bool stands_still = false;
};
struct RescalePlan;  // exec/rescale.h: immutable, shared by all subtasks
struct RescaleBarrier {
  // Owned by the deployment until every subtask has passed. Weak, because the plan leads to the
  // channels in which barriers lie: a job that ends in the middle would keep all of them.
  std::weak_ptr<const RescalePlan> plan;
  std::uint64_t sequence = 0;
};
using Barrier = std::variant<CheckpointBarrier, RescaleBarrier>;

inline std::uint64_t sequence_of(const Barrier& barrier) {
  return std::visit([](const auto& is) { return is.sequence; }, barrier);
}

struct EndOfInput {};

using Event = std::variant<Batch, Watermark, Barrier, EndOfInput>;

}  // namespace penstock
