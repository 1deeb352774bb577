#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/exec/operator.h"
#include "runtime/exec/operators/accumulators.h"
#include "runtime/exec/operators/batch_groups.h"
#include "runtime/state/operator_state.h"

namespace penstock {

// What all aggregating operators share: folds a batch into one partial result per key (and window),
// then adds these to the state. Owns the keyed state. One slot thread.
class AggregateFold {
 public:
  static Result<AggregateFold> make(const OperatorContext& context,
                                    const std::vector<std::size_t>& keys,
                                    const std::vector<AggregateCall>& calls);

  OperatorState& state() { return *state_; }
  const OperatorState& state() const { return *state_; }
  const Accumulators& accumulators() const { return *accumulators_; }
  const RowLayout& layout() const { return layout_; }

  // Takes a batch in any form. `windows` is nullptr (all rows belong to window 0) or has one window
  // per row of the batch. CHECKs that every row's key group is owned. Counted arguments (DISTINCT,
  // ...) are in the state afterwards, the rest waits for merge().
  void fold(const Batch& batch, const std::int64_t* windows);

  // The distinct keys of the folded batch and their windows.
  std::size_t groups() const { return groups_.size(); }
  StateUnit& unit(std::size_t group) { return *units_[group]; }
  KeyedTable& table(std::size_t group) { return *tables_[group]; }
  Millis window(std::size_t group) const {
    return windows_ == nullptr ? 0 : windows_[groups_.first_rows()[group]];
  }
  // The key columns, one row per group.
  const std::vector<Column>& key_columns() const { return key_columns_; }

  // Finds the group's row in the state, or makes the row of no input rows.
  KeyedTable::Upsert place(std::size_t group);
  // Adds what the batch has for the group to its row.
  void merge(std::size_t group, std::uint32_t row);
  // After merging: reclaims the memory of texts that are gone.
  void tidy();

  static constexpr std::size_t kGroupsTable = 0;
  // A table of counted arguments and its place among the state's tables.
  struct Counted {
    std::size_t call = 0;  // of accumulators().calls()
    std::size_t table = 0;
    std::vector<const Column*> columns{};
    std::unique_ptr<PackedRows> pairs{};  // keys and argument
    BatchGroups groups{};
    std::vector<std::int64_t> deltas{};  // by pair
    std::vector<std::uint8_t> rescan{};  // by group: its extreme is gone
  };
  const std::vector<Counted>& counted() const { return counted_; }

 private:
  AggregateFold() = default;
  void find_units();
  void count_arguments(Counted& counted);
  void note_change(Counted& counted, std::size_t group, std::size_t row, bool appeared);
  void rescan_extreme(const Counted& counted, std::size_t group, std::uint32_t row);

  std::vector<std::size_t> keys_;
  std::vector<std::size_t> used_columns_;
  std::unique_ptr<Accumulators> accumulators_;
  std::unique_ptr<OperatorState> state_;
  RowLayout layout_;  // of the table "groups"
  std::vector<Counted> counted_;
  std::shared_ptr<const UnitLayout> unit_layout_;
  bool has_texts_ = false;

  std::unique_ptr<PackedRows> packed_keys_;
  BatchGroups groups_;
  Batch batch_;
  const std::int64_t* windows_ = nullptr;
  std::vector<const Column*> columns_;  // for one call
  std::vector<Column> key_columns_;
  std::vector<std::uint64_t> hashes_;
  std::vector<StateUnit*> units_;
  std::vector<KeyedTable*> tables_;  // of groups, for each group's window
  std::vector<std::byte> partials_;
};

}  // namespace penstock
