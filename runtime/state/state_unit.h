#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/columns/batch.h"
#include "runtime/columns/type.h"
#include "runtime/state/bag_table.h"
#include "runtime/state/keyed_table.h"
#include "runtime/state/memory_budget.h"

namespace penstock {

// One table of an operator's state: key -> value (kMap) or key -> bag of values (kBag; a join
// side). Both keyed, on top, by a window (Millis; 0 where there is none), so that a whole window is
// dropped at once.
struct StateTableShape {
  std::string name;
  std::vector<Type> key;
  std::vector<Type> value;
  bool bag = false;
};

// Shapes with the row layouts that follow from them; shared by all units of an operator, and by
// their pictures.
struct UnitLayout {
  std::vector<StateTableShape> shapes;
  std::vector<RowLayout> maps;  // by shape; empty for a bag
  std::vector<BagLayout> bags;  // by shape; empty for a map

  static std::shared_ptr<const UnitLayout> of(std::vector<StateTableShape> shapes);
};

class StateUnit;

// An immutable picture of a unit at a barrier; its memory is shared with the unit until that
// writes. Any one thread may encode it.
struct FrozenUnit {
  KeyGroup group{};
  std::shared_ptr<const StateUnit> unit;
};

// A freeze of all units of an owner that touches none of them when it begins: a unit whose number
// is not the round's gives its picture before it is next written, or when its owner gets to it.
struct FreezeRound {
  std::uint64_t number = 0;
  CheckpointId checkpoint{};
  CheckpointId base{};  // only units that were written after this one's barrier; 0: all
  std::vector<FrozenUnit> pictures{};
};

// State of one operator for one key group: the unit that moves, freezes and is written to a
// checkpoint. One thread at a time.
class StateUnit {
 public:
  template <typename Table>
  using Windows = std::vector<std::pair<Millis, std::unique_ptr<Table>>>;  // ascending

  StateUnit(std::shared_ptr<const UnitLayout> layout, MemoryBudget& memory);

  // The table of a shape for writing; made when it is not there. Stays where it is until its window
  // is dropped.
  KeyedTable& map(std::size_t shape, Millis window = 0) {
    return at(maps_[shape], layout_->maps[shape], window);
  }
  BagTable& bag(std::size_t shape, Millis window = 0) {
    return at(bags_[shape], layout_->bags[shape], window);
  }
  // The same for reading, or nullptr.
  const KeyedTable* find_map(std::size_t shape, Millis window = 0) const {
    return find(maps_[shape], window);
  }
  const BagTable* find_bag(std::size_t shape, Millis window = 0) const {
    return find(bags_[shape], window);
  }
  const Windows<KeyedTable>& maps(std::size_t shape) const { return maps_[shape]; }
  const Windows<BagTable>& bags(std::size_t shape) const { return bags_[shape]; }

  // Frees everything that windows up to and including `window` hold, in all tables.
  void drop_windows_through(Millis window);
  std::optional<Millis> earliest_window() const;
  bool empty() const { return !earliest_window(); }

  // Everything that the watermark `progress` completes has been emitted. It moves and is saved with
  // the rows: a restored operator must not emit a window again, nor accept rows for it. Never goes
  // back.
  Millis progress() const { return progress_; }
  void set_progress(Millis progress);

  // Reclaims memory of texts that are gone, where that is worth it.
  void tidy();
  const UnitLayout& layout() const { return *layout_; }
  const std::shared_ptr<const UnitLayout>& shared_layout() const { return layout_; }
  std::uint64_t bytes() const;

  // The unit as it is now, sharing its memory; later writes copy what they touch. Cost: the number
  // of windows.
  std::shared_ptr<const StateUnit> freeze();
  // Marks what was written since the last call as part of `checkpoint`; returns the last checkpoint
  // that has got something new.
  CheckpointId settle(CheckpointId checkpoint);
  // From here on the unit takes part in the freezes of `round`, as group `group` of its owner; what
  // has begun already does not concern it. nullptr: in none.
  void join(FreezeRound* round, KeyGroup group);
  // Gives the picture that the round waits for, if it does.
  void give_picture() {
    if (round_ != nullptr && round_->number != round_number_) [[unlikely]]
      add_picture();
  }

 private:
  template <typename Table, typename Layout>
  Table& at(Windows<Table>& windows, const Layout& layout, Millis window) {
    give_picture();
    written_ = true;
    for (std::size_t i = windows.size(); i-- > 0;) {
      if (windows[i].first == window) return *windows[i].second;
      if (windows[i].first < window) return insert(windows, i + 1, layout, window);
    }
    return insert(windows, 0, layout, window);
  }
  template <typename Table, typename Layout>
  Table& insert(Windows<Table>& windows, std::size_t place, const Layout& layout, Millis window) {
    auto position = windows.begin() + static_cast<std::ptrdiff_t>(place);
    position = windows.emplace(position, window, make_table<Table>(layout));
    return *position->second;
  }
  template <typename Table, typename Layout>
  std::unique_ptr<Table> make_table(const Layout& layout) {
    if constexpr (std::is_same_v<Table, KeyedTable>) {
      auto& spare = spare_[shape_of(layout)];
      if (!spare.empty()) {
        std::unique_ptr<KeyedTable> table = std::move(spare.back());
        spare.pop_back();
        return table;
      }
    }
    return std::make_unique<Table>(layout, *memory_);
  }
  std::size_t shape_of(const RowLayout& layout) const {
    return static_cast<std::size_t>(&layout - layout_->maps.data());
  }
  template <typename Table>
  static const Table* find(const Windows<Table>& windows, Millis window) {
    for (const auto& [time, table] : windows)
      if (time == window) return table.get();
    return nullptr;
  }
  void add_picture();

  std::shared_ptr<const UnitLayout> layout_;
  MemoryBudget* memory_;
  std::vector<Windows<KeyedTable>> maps_;  // by shape; one of the two is always empty
  std::vector<Windows<BagTable>> bags_;
  // By shape: small tables of windows that are over, for the next windows. A unit holds few rows of
  // a short window, so making tables would cost more than filling them.
  std::vector<std::vector<std::unique_ptr<KeyedTable>>> spare_;
  Millis progress_ = kNoWatermark;
  bool written_ = false;       // since the last settle
  CheckpointId changed_in_{};  // 0: as restored
  FreezeRound* round_ = nullptr;
  std::uint64_t round_number_ = 0;  // of the last round that this unit has given its picture to
  KeyGroup group_{};
};

// A unit as one self-describing block: header with shapes, then per table the columns (window, key
// fields, value fields), zstd-compressed, xxh3-checked. encode is deterministic for equal contents
// in equal order. decode: kCorrupt for damaged bytes, kInvalid when shapes do not fit (names the
// difference).
std::string encode_unit(const StateUnit& unit);
Result<std::unique_ptr<StateUnit>> decode_unit(std::string_view bytes,
                                               const std::vector<StateTableShape>& shapes,
                                               MemoryBudget& memory);

}  // namespace penstock
