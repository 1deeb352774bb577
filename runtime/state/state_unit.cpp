#include "runtime/state/state_unit.h"

#include <algorithm>

namespace penstock {
namespace {

// A spare table is kept only if it is small: what is large is filled for long. Several windows end
// at once when a source of many splits has read all of them one batch further.
constexpr std::uint64_t kSpareBytes = 16 * 1024;
constexpr std::size_t kMostSpare = 16;

}  // namespace

std::shared_ptr<const UnitLayout> UnitLayout::of(std::vector<StateTableShape> shapes) {
  auto layout = std::make_shared<UnitLayout>();
  for (const StateTableShape& shape : shapes) {
    layout->maps.push_back(shape.bag ? RowLayout{} : RowLayout::of(shape.key, shape.value, 0));
    layout->bags.push_back(shape.bag ? BagLayout::of(shape.key, shape.value) : BagLayout{});
  }
  layout->shapes = std::move(shapes);
  return layout;
}

StateUnit::StateUnit(std::shared_ptr<const UnitLayout> layout, MemoryBudget& memory)
    : layout_(std::move(layout)),
      memory_(&memory),
      maps_(layout_->shapes.size()),
      bags_(layout_->shapes.size()),
      spare_(layout_->shapes.size()) {}

void StateUnit::drop_windows_through(Millis window) {
  give_picture();
  for (std::size_t shape = 0; shape < maps_.size(); ++shape)
    for (auto& [time, table] : maps_[shape]) {
      if (time > window || spare_[shape].size() == kMostSpare) break;
      if (table->bytes() > kSpareBytes) continue;
      table->clear();
      spare_[shape].push_back(std::move(table));
    }
  const auto drop = [&](auto& windows) {
    const auto kept =
        std::ranges::find_if(windows, [&](const auto& entry) { return entry.first > window; });
    if (kept == windows.begin()) return;
    windows.erase(windows.begin(), kept);
    written_ = true;
  };
  std::ranges::for_each(maps_, drop);
  std::ranges::for_each(bags_, drop);
}

std::optional<Millis> StateUnit::earliest_window() const {
  std::optional<Millis> earliest;
  const auto look = [&](const auto& windows) {
    for (const auto& [window, table] : windows) {
      if (table->size() == 0) continue;
      if (!earliest || window < *earliest) earliest = window;
      return;
    }
  };
  std::ranges::for_each(maps_, look);
  std::ranges::for_each(bags_, look);
  return earliest;
}

void StateUnit::set_progress(Millis progress) {
  if (progress <= progress_) return;
  give_picture();
  progress_ = progress;
  written_ = true;
}

void StateUnit::tidy() {
  give_picture();
  for (auto& windows : maps_)
    for (auto& [window, table] : windows) table->tidy();
  for (auto& windows : bags_)
    for (auto& [window, table] : windows) table->tidy();
}

std::uint64_t StateUnit::bytes() const {
  std::uint64_t total = sizeof(*this);
  for (const auto& windows : maps_)
    for (const auto& [window, table] : windows) total += table->bytes();
  for (const auto& windows : bags_)
    for (const auto& [window, table] : windows) total += table->bytes();
  for (const auto& tables : spare_)
    for (const auto& table : tables) total += table->bytes();
  return total;
}

std::shared_ptr<const StateUnit> StateUnit::freeze() {
  auto picture = std::make_shared<StateUnit>(layout_, *memory_);
  for (std::size_t shape = 0; shape < maps_.size(); ++shape) {
    for (auto& [window, table] : maps_[shape])
      picture->maps_[shape].emplace_back(window, std::make_unique<KeyedTable>(table->freeze()));
    for (auto& [window, table] : bags_[shape])
      picture->bags_[shape].emplace_back(window, std::make_unique<BagTable>(table->freeze()));
  }
  picture->progress_ = progress_;
  return picture;
}

CheckpointId StateUnit::settle(CheckpointId checkpoint) {
  if (written_) changed_in_ = checkpoint;
  written_ = false;
  return changed_in_;
}

void StateUnit::join(FreezeRound* round, KeyGroup group) {
  round_ = round;
  round_number_ = round != nullptr ? round->number : 0;
  group_ = group;
}

void StateUnit::add_picture() {
  round_number_ = round_->number;
  const CheckpointId changed = settle(round_->checkpoint);
  if (round_->base == CheckpointId{} || changed > round_->base)
    round_->pictures.push_back({.group = group_, .unit = freeze()});
}

}  // namespace penstock
