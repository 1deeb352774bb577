#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/state/state_unit.h"

namespace penstock {

// The key groups of one keyed operator that one subtask owns. One slot thread at a time. The
// operator reads and writes through units; the job moves, freezes and restores them between two
// inputs.
class OperatorState {
 public:
  // `shapes` as state_shapes() lists them for the operator.
  OperatorState(std::vector<StateTableShape> shapes, std::uint32_t key_groups,
                MemoryBudget& memory);
  OperatorState(const OperatorState&) = delete;  // units know where their freeze is
  OperatorState& operator=(const OperatorState&) = delete;

  // The unit of a group that is owned, else nullptr. Stable until the unit is released.
  StateUnit* unit(KeyGroup group) { return units_[group.value].get(); }
  bool owns(KeyGroup group) const { return units_[group.value] != nullptr; }
  std::uint32_t key_groups() const { return static_cast<std::uint32_t>(units_.size()); }
  std::vector<KeyGroup> owned() const;

  // Takes ownership of an empty group, or of one that came from elsewhere.
  void create(KeyGroup group);
  void adopt(KeyGroup group, std::unique_ptr<StateUnit> unit);
  // Gives the unit away: the same cost whatever it holds.
  std::unique_ptr<StateUnit> release(KeyGroup group);
  // Changes with every create, adopt and release, so that what an operator remembers about its
  // units can be found again.
  std::uint64_t version() const { return version_; }

  // Begins pictures of all owned units that were written after the barrier of `base` (CheckpointId
  // 0: all units), as they are now; the one before has been taken. Constant cost: a unit gives its
  // picture before its next write, the others when freeze_more() gets to them. Later writes copy
  // the segments they touch first. What was written before a unit moved here counts as well; a unit
  // that is as restored does not.
  void begin_freeze(CheckpointId checkpoint, CheckpointId base);
  // Goes through `units` more; false: it has been through all.
  bool freeze_more(std::size_t units);
  // The pictures, in the order of the groups; goes through what is left.
  std::vector<FrozenUnit> take_frozen();
  std::vector<FrozenUnit> freeze(CheckpointId checkpoint, CheckpointId base) {
    begin_freeze(checkpoint, base);
    return take_frozen();
  }

  // Smallest window (see StateUnit) that any owned unit holds rows for.
  std::optional<Millis> earliest_window() const;
  std::uint64_t bytes() const;

  const std::vector<StateTableShape>& shapes() const { return layout_->shapes; }

 private:
  std::shared_ptr<const UnitLayout> layout_;
  std::vector<std::unique_ptr<StateUnit>> units_;
  MemoryBudget& memory_;
  std::uint64_t version_ = 0;
  FreezeRound round_;
  std::size_t frozen_ = 0;  // groups of the round that are done, from the first
};

}  // namespace penstock
