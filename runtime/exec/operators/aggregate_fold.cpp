#include "runtime/exec/operators/aggregate_fold.h"

#include <algorithm>
#include <cstring>

#include "runtime/exec/operators/batch_columns.h"
#include "runtime/expr/evaluate.h"
#include "runtime/graph/key_groups.h"

namespace penstock {
namespace {

// The first `fields` fields of two rows of tables with different layouts are equal.
bool same_fields(const PackedBlock& a_block, StoredBlock a, const PackedBlock& b_block,
                 StoredBlock b, std::size_t leaves) {
  for (std::size_t i = 0; i < leaves; ++i) {
    const PackedBlock::Leaf& x = a_block.leaves[i];
    const PackedBlock::Leaf& y = b_block.leaves[i];
    if (is_null(a.bytes, x) != is_null(b.bytes, y)) return false;
    if (x.kind == TypeKind::kString) {
      if (a.texts->get(load<TextRef>(a.bytes + x.offset)) !=
          b.texts->get(load<TextRef>(b.bytes + y.offset)))
        return false;
    } else if (std::memcmp(a.bytes + x.offset, b.bytes + y.offset, x.width) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Result<AggregateFold> AggregateFold::make(const OperatorContext& context,
                                          const std::vector<std::size_t>& keys,
                                          const std::vector<AggregateCall>& calls) {
  const OperatorNode& node = context.graph.at(context.id);
  const Schema& input = context.graph.at(node.inputs[0].from).output;
  AggregateFold fold;
  fold.keys_ = keys;
  fold.used_columns_ = keys;
  TRY_ASSIGN(Accumulators accumulators,
             Accumulators::make(calls, input, has_changelog_input(context.graph, context.id)));
  fold.accumulators_ = std::make_unique<Accumulators>(std::move(accumulators));

  std::vector<StateTableShape> shapes = table_shapes(context);
  fold.layout_ = RowLayout::of(shapes[kGroupsTable].key, shapes[kGroupsTable].value, 0);
  fold.packed_keys_ = nullptr;
  fold.unit_layout_ = UnitLayout::of(shapes);
  for (const RowLayout& layout : fold.unit_layout_->maps)
    fold.has_texts_ |= !layout.key.text_offsets.empty() || !layout.value.text_offsets.empty();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (calls[i].argument) fold.used_columns_.push_back(*calls[i].argument);
    if (calls[i].filter) fold.used_columns_.push_back(*calls[i].filter);
    const Accumulators::Call& call = fold.accumulators_->calls()[i];
    if (!call.counted) continue;
    const std::string name = (call.extreme ? "values-" : "distinct-") + std::to_string(i);
    const auto shape = std::ranges::find(shapes, name, &StateTableShape::name);
    CHECK(shape != shapes.end());
    Counted counted{.call = i, .table = static_cast<std::size_t>(shape - shapes.begin())};
    counted.pairs = std::make_unique<PackedRows>(fold.unit_layout_->maps[counted.table].key);
    fold.counted_.push_back(std::move(counted));
  }
  fold.packed_keys_ = std::make_unique<PackedRows>(fold.unit_layout_->maps[kGroupsTable].key);
  fold.state_ =
      std::make_unique<OperatorState>(std::move(shapes), context.key_groups, context.memory);
  return fold;
}

void AggregateFold::fold(const Batch& batch, const std::int64_t* windows) {
  batch_ = dense_columns(batch, used_columns_);
  windows_ = windows;
  columns_.clear();
  for (const std::size_t key : keys_) columns_.push_back(&batch_.columns[key]);
  packed_keys_->pack(columns_, batch_.physical_rows);
  groups_.group(*packed_keys_, windows);
  find_units();

  const std::size_t stride = accumulators_->block().bytes;
  partials_.resize(groups_.size() * stride);
  for (std::size_t group = 0; group < groups_.size(); ++group)
    std::memcpy(partials_.data() + group * stride, accumulators_->initial(), stride);
  accumulators_->accumulate(batch_, groups_.group_of_row(), partials_.data());
  for (Counted& counted : counted_) count_arguments(counted);
}

void AggregateFold::find_units() {
  key_columns_.clear();
  for (const std::size_t key : keys_)
    key_columns_.push_back(batch_.columns[key].gather(groups_.first_rows()));
  columns_.clear();
  for (const Column& column : key_columns_) columns_.push_back(&column);
  hashes_.resize(groups_.size());
  hash_rows(columns_, groups_.size(), hashes_.data());
  units_.resize(groups_.size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    units_[group] = state_->unit(key_group_of(hashes_[group], state_->key_groups()));
    CHECK(units_[group] != nullptr);
    __builtin_prefetch(units_[group]);
  }
  // Keys lie all over the memory. What is needed next is asked for one step ahead for all of them,
  // so that the waits overlap.
  tables_.resize(groups_.size());
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    tables_[group] = &units_[group]->map(kGroupsTable, window(group));
    __builtin_prefetch(tables_[group]);
  }
  for (std::size_t group = 0; group < groups_.size(); ++group)
    tables_[group]->prefetch(groups_.hash(group));
}

void AggregateFold::count_arguments(Counted& counted) {
  const Accumulators::Call& call = accumulators_->calls()[counted.call];
  counted.columns.clear();
  for (const std::size_t key : keys_) counted.columns.push_back(&batch_.columns[key]);
  counted.columns.push_back(&batch_.columns[*call.call.argument]);
  counted.pairs->pack(counted.columns, batch_.physical_rows);
  counted.groups.group(*counted.pairs, windows_);
  counted.deltas.assign(counted.groups.size(), 0);
  counted.rescan.assign(groups_.size(), 0);
  for (std::size_t row = 0; row < batch_.physical_rows; ++row)
    if (Accumulators::counts(call, batch_, row))
      counted.deltas[counted.groups.group_of_row()[row]] += sign_of(batch_.kind_at(row));

  for (std::size_t pair = 0; pair < counted.groups.size(); ++pair) {
    if (counted.deltas[pair] == 0) continue;
    const std::size_t row = counted.groups.first_rows()[pair];
    const std::size_t group = groups_.group_of_row()[row];
    KeyedTable& table = units_[group]->map(counted.table, window(group));
    const std::uint32_t place = table.upsert(*counted.pairs, row, counted.groups.hash(pair)).row;
    std::byte* value = table.writable_value(place);
    const auto before = load<std::int64_t>(value);
    const std::int64_t after = before + counted.deltas[pair];
    store<std::int64_t>(value, after);
    if (after == 0) table.erase(place);
    if ((before > 0) != (after > 0)) note_change(counted, group, row, after > 0);
  }
}

void AggregateFold::note_change(Counted& counted, std::size_t group, std::size_t row,
                                bool appeared) {
  const Accumulators::Call& call = accumulators_->calls()[counted.call];
  const Column& argument = batch_.columns[*call.call.argument];
  std::byte* partial = partials_.data() + group * accumulators_->block().bytes;
  if (!call.extreme || appeared)
    return accumulators_->add(call, argument, row, appeared ? 1 : -1, partial);
  const KeyedTable& state = table(group);
  const std::uint32_t place =
      state.find(*packed_keys_, groups_.first_rows()[group], groups_.hash(group));
  if (place == KeyedTable::kNone) return;
  if (accumulators_->is_extreme(call, {state.value(place), &state.texts()}, argument, row))
    counted.rescan[group] = 1;
}

KeyedTable::Upsert AggregateFold::place(std::size_t group) {
  KeyedTable& rows = table(group);
  const KeyedTable::Upsert place =
      rows.upsert(*packed_keys_, groups_.first_rows()[group], groups_.hash(group));
  if (place.inserted)
    std::memcpy(rows.writable_value(place.row), accumulators_->initial(),
                accumulators_->block().bytes);
  return place;
}

void AggregateFold::merge(std::size_t group, std::uint32_t row) {
  KeyedTable& rows = table(group);
  accumulators_->merge_partial(partials_.data() + group * accumulators_->block().bytes, batch_,
                               rows.writable_value(row), rows.texts());
  for (const Counted& counted : counted_)
    if (counted.rescan[group] != 0) rescan_extreme(counted, group, row);
}

void AggregateFold::rescan_extreme(const Counted& counted, std::size_t group, std::uint32_t row) {
  const Accumulators::Call& call = accumulators_->calls()[counted.call];
  KeyedTable& rows = table(group);
  const KeyedTable& values = units_[group]->map(counted.table, window(group));
  const PackedBlock& pair = values.layout().key;
  const PackedBlock& key = rows.layout().key;
  std::byte* state = rows.writable_value(row);
  accumulators_->clear_extreme(call, state, rows.texts());
  for (std::uint32_t i = 0; i < values.size(); ++i) {
    const StoredBlock stored{values.row(i), &values.texts()};
    if (load<std::int64_t>(values.value(i)) <= 0) continue;
    if (!same_fields(pair, stored, key, {rows.row(row), &rows.texts()}, key.leaves.size()))
      continue;
    accumulators_->extend(call, pair.leaf_of(pair.types.size() - 1), stored, state, rows.texts());
  }
}

void AggregateFold::tidy() {
  if (!has_texts_) return;
  for (StateUnit* unit : units_) unit->tidy();
}

}  // namespace penstock
