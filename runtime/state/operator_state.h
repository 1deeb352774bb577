#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// The key groups of one keyed operator that one subtask owns. One slot thread at a time. The operator reads and writes through units;
// the job moves, freezes and restores them between two inputs.
class OperatorState {
 public:
  // `shapes` as state_shapes() lists them for the operator.
  OperatorState(std::vector<StateTableShape> shapes, std::uint32_t key_groups, MemoryBudget& memory);

  // The unit of a group that is owned, else nullptr. Stable until the unit is released.
  StateUnit* unit(KeyGroup group) { return units_[group.value].get(); }
  bool owns(KeyGroup group) const { return units_[group.value] != nullptr; }
  std::vector<KeyGroup> owned() const;

  // Takes ownership of an empty group, or of one that came from elsewhere.
  void create(KeyGroup group);
  void adopt(KeyGroup group, std::unique_ptr<StateUnit> unit);
  // Gives the unit away: the same cost whatever it holds.
  std::unique_ptr<StateUnit> release(KeyGroup group);

  // Frozen views of all owned units that were written after the barrier of `base` (CheckpointId 0: all units). Constant cost per unit; later
  // writes copy the segments they touch first.
  std::vector<FrozenUnit> freeze(CheckpointId checkpoint, CheckpointId base);

  // Smallest window (see StateUnit) that any owned unit holds rows for.
  std::optional<Millis> earliest_window() const;
  std::uint64_t bytes() const;

  const std::vector<StateTableShape>& shapes() const { return shapes_; }

 private:
  std::vector<StateTableShape> shapes_;
  std::vector<std::unique_ptr<StateUnit>> units_;
  MemoryBudget& memory_;
  CheckpointId interval_{1};  // writes now belong to this checkpoint or a later one
};

}  // namespace penstock
