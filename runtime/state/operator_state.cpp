#include "runtime/state/operator_state.h"

namespace penstock {

OperatorState::OperatorState(std::vector<StateTableShape> shapes, std::uint32_t key_groups,
                             MemoryBudget& memory)
    : layout_(UnitLayout::of(std::move(shapes))), units_(key_groups), memory_(memory) {}

std::vector<KeyGroup> OperatorState::owned() const {
  std::vector<KeyGroup> groups;
  groups.reserve(units_.size());
  for (std::uint32_t group = 0; group < units_.size(); ++group)
    if (units_[group]) groups.push_back({group});
  return groups;
}

void OperatorState::create(KeyGroup group) {
  adopt(group, std::make_unique<StateUnit>(layout_, memory_));
}

void OperatorState::adopt(KeyGroup group, std::unique_ptr<StateUnit> unit) {
  CHECK(unit != nullptr && !owns(group));
  units_[group.value] = std::move(unit);
  ++version_;
}

std::unique_ptr<StateUnit> OperatorState::release(KeyGroup group) {
  CHECK(owns(group));
  ++version_;
  return std::move(units_[group.value]);
}

std::vector<FrozenUnit> OperatorState::freeze(CheckpointId checkpoint, CheckpointId base) {
  std::vector<FrozenUnit> frozen;
  for (std::uint32_t group = 0; group < units_.size(); ++group) {
    if (!units_[group]) continue;
    const CheckpointId changed = units_[group]->settle(checkpoint);
    if (base == CheckpointId{} || changed > base)
      frozen.push_back({.group = {group}, .unit = units_[group]->freeze()});
  }
  return frozen;
}

std::optional<Millis> OperatorState::earliest_window() const {
  std::optional<Millis> earliest;
  for (const auto& unit : units_) {
    if (!unit) continue;
    const std::optional<Millis> window = unit->earliest_window();
    if (window && (!earliest || *window < *earliest)) earliest = window;
  }
  return earliest;
}

std::uint64_t OperatorState::bytes() const {
  std::uint64_t total = 0;
  for (const auto& unit : units_)
    if (unit) total += unit->bytes();
  return total;
}

}  // namespace penstock
