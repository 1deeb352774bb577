#include "runtime/state/operator_state.h"

#include <algorithm>
#include <utility>

namespace penstock {

OperatorState::OperatorState(std::vector<StateTableShape> shapes, std::uint32_t key_groups,
                             MemoryBudget& memory)
    : layout_(UnitLayout::of(std::move(shapes))),
      units_(key_groups),
      memory_(memory),
      frozen_(key_groups) {}

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
  unit->join(&round_, group);
  units_[group.value] = std::move(unit);
  ++version_;
}

std::unique_ptr<StateUnit> OperatorState::release(KeyGroup group) {
  CHECK(owns(group));
  ++version_;
  units_[group.value]->give_picture();
  units_[group.value]->join(nullptr, group);
  return std::move(units_[group.value]);
}

void OperatorState::begin_freeze(CheckpointId checkpoint, CheckpointId base) {
  CHECK(frozen_ == units_.size() && round_.pictures.empty());
  ++round_.number;
  round_.checkpoint = checkpoint;
  round_.base = base;
  frozen_ = 0;
}

bool OperatorState::freeze_more(std::size_t units) {
  const std::size_t end = std::min(frozen_ + units, units_.size());
  for (; frozen_ < end; ++frozen_)
    if (units_[frozen_]) units_[frozen_]->give_picture();
  return frozen_ < units_.size();
}

std::vector<FrozenUnit> OperatorState::take_frozen() {
  freeze_more(units_.size());
  std::vector<FrozenUnit> pictures = std::exchange(round_.pictures, {});
  std::ranges::sort(pictures, {}, &FrozenUnit::group);
  return pictures;
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
