#include "runtime/exec/operators/window_aggregate.h"

#include <algorithm>
#include <cstring>

#include "runtime/exec/operators/batch_columns.h"
#include "runtime/exec/operators/window_times.h"

namespace penstock {

Result<std::unique_ptr<Operator>> WindowAggregate::make(const OperatorContext& context,
                                                        const WindowAggregateSpec& spec) {
  if (spec.window.slide <= 0 || spec.window.size < spec.window.slide ||
      spec.window.size % spec.window.slide != 0)
    return Error{Code::kInvalid, "the size of a window must be a multiple of its slide"};
  TRY_ASSIGN(AggregateFold fold, AggregateFold::make(context, spec.keys, spec.aggregates));
  const Plan plan{
      .window = spec.window, .emit_window = true, .emit_window_time = spec.emit_window_time};
  return std::unique_ptr<Operator>(
      std::make_unique<WindowAggregate>(context, plan, std::move(fold)));
}

Result<std::unique_ptr<Operator>> WindowAggregate::make(const OperatorContext& context,
                                                        const AttachedWindowAggregateSpec& spec) {
  TRY_ASSIGN(AggregateFold fold, AggregateFold::make(context, spec.keys, spec.aggregates));
  const Plan plan{.end_column = spec.window_end_column};
  return std::unique_ptr<Operator>(
      std::make_unique<WindowAggregate>(context, plan, std::move(fold)));
}

WindowAggregate::WindowAggregate(const OperatorContext& context, Plan plan, AggregateFold fold)
    : context_(context),
      plan_(plan),
      fold_(std::move(fold)),
      output_(context.graph.at(context.id).output),
      combined_(fold_.layout(), context.memory) {}

// Units that arrived may hold earlier windows, and know what had been emitted before a restore.
void WindowAggregate::look_at_state() {
  OperatorState& state = fold_.state();
  if (state.version() == state_version_) return;
  state_version_ = state.version();
  noted_ = kNoWatermark;
  earliest_ = state.earliest_window();
  for (const KeyGroup group : state.owned()) done_ = std::max(done_, state.unit(group)->progress());
}

Status WindowAggregate::find_slices(Batch& batch) {
  if (processing_time()) {
    // A clock that steps back must not make rows late.
    const bool open = done_ != kNoWatermark && done_ != kEndOfTime;
    const Millis now = std::max(context_.clock.now(), open ? done_ + 1 : kNoWatermark);
    slices_.assign(batch.rows(), slice_end(*plan_.window, now));
    return ok();
  }
  if (!plan_.window) return row_times(batch, plan_.end_column, "the window's end", slices_);
  TRY(row_times(batch, plan_.window->time_column, "the event time", slices_));
  const WindowSpec& window = *plan_.window;
  Millis known = slice_end(window, slices_.empty() ? 0 : slices_[0]);
  for (Millis& slice : slices_) {
    if (slice < known - window.slide || slice >= known) known = slice_end(window, slice);
    slice = known;
  }
  return ok();
}

void WindowAggregate::drop_late(Batch& batch) {
  const auto late = [this](Millis slice) { return last_end(slice) - 1 <= done_; };
  if (done_ == kNoWatermark || std::ranges::none_of(slices_, late)) return;
  std::vector<std::uint32_t> kept;
  std::vector<Millis> kept_slices;
  for (std::size_t i = 0; i < slices_.size(); ++i) {
    if (late(slices_[i])) continue;
    kept.push_back(static_cast<std::uint32_t>(batch.row(i)));
    kept_slices.push_back(slices_[i]);
  }
  context_.counters.late_rows.fetch_add(slices_.size() - kept.size(), std::memory_order_relaxed);
  slices_ = std::move(kept_slices);
  batch.selection = std::make_shared<const std::vector<std::uint32_t>>(std::move(kept));
}

Status WindowAggregate::on_batch(std::size_t, Batch batch) {
  look_at_state();
  TRY(find_slices(batch));
  drop_late(batch);
  if (batch.empty()) return ok();
  fold_.fold(batch, slices_.data());
  for (std::size_t group = 0; group < fold_.groups(); ++group) {
    const KeyedTable::Upsert place = fold_.place(group);
    fold_.merge(group, place.row);
    KeyedTable& table = fold_.table(group);
    if (Accumulators::rows(table.value(place.row)) <= 0) {
      table.erase(place.row);
      continue;
    }
    if (!earliest_ || fold_.window(group) < *earliest_) earliest_ = fold_.window(group);
  }
  fold_.tidy();
  return ok();
}

Status WindowAggregate::on_watermark(Millis watermark) {
  if (processing_time() && watermark != kEndOfTime) return ok();
  look_at_state();
  target_ = std::max(target_, watermark);
  return ok();
}

Status WindowAggregate::on_processing_time(Millis now) {
  if (!processing_time()) return ok();
  look_at_state();
  target_ = std::max(target_, now - 1);
  return ok();
}

std::optional<Millis> WindowAggregate::timer() const {
  if (!processing_time()) return std::nullopt;
  return next_end();
}

// The earliest window that holds rows and has not been emitted.
std::optional<Millis> WindowAggregate::next_end() const {
  const bool known = fold_.state().version() == state_version_;
  const std::optional<Millis> earliest = known ? earliest_ : fold_.state().earliest_window();
  if (!earliest || !plan_.window || done_ < *earliest - 1) return earliest;
  return *earliest + ((done_ + 1 - *earliest) / slide() + 1) * slide();
}

Result<std::optional<Batch>> WindowAggregate::next() {
  while (target_ > done_ || firing_) {
    if (!firing_) {
      const std::optional<Millis> end = next_end();
      if (!end || *end - 1 > target_) {
        done_ = target_;
        note_progress();
        break;
      }
      firing_ = end;
      next_unit_ = 0;
    }
    const std::uint32_t units = fold_.state().key_groups();
    while (next_unit_ < units && waiting_ < kMaxBatchRows)
      if (StateUnit* unit = fold_.state().unit({next_unit_++})) fire(*unit, *firing_);
    std::optional<Batch> batch;
    if (waiting_ > 0) batch = collect(*firing_);
    if (next_unit_ == units && waiting_ == 0) finish_window(*firing_);
    if (batch) return batch;
  }
  return std::optional<Batch>();
}

// Lines up the rows of one unit that belong to a window.
void WindowAggregate::fire(StateUnit& unit, Millis end) {
  const KeyedTable* only = nullptr;
  std::size_t slices = 0;
  for (const auto& [slice, table] : unit.maps(AggregateFold::kGroupsTable)) {
    const bool inside = plan_.window ? slice > end - size() && slice <= end : slice == end;
    if (!inside || table->size() == 0) continue;
    only = table.get();
    ++slices;
  }
  if (slices == 0) return;
  if (slices == 1) {
    tables_.push_back(only);
    waiting_ += only->size();
    return;
  }
  const std::uint32_t before = combined_.size();
  combine(unit, end);
  waiting_ += combined_.size() - before;
}

void WindowAggregate::combine(StateUnit& unit, Millis end) {
  KeyedTable& into = combined_;
  const Accumulators& accumulators = fold_.accumulators();
  for (const auto& [slice, table] : unit.maps(AggregateFold::kGroupsTable)) {
    if (slice <= end - size() || slice > end) continue;
    for (std::uint32_t row = 0; row < table->size(); ++row) {
      const KeyedTable::Upsert place = into.upsert_key_of(*table, row);
      std::byte* values = into.writable_value(place.row);
      if (place.inserted) std::memcpy(values, accumulators.initial(), accumulators.block().bytes);
      accumulators.merge_slice({table->value(row), &table->texts()}, values, into.texts());
    }
  }
  for (const AggregateFold::Counted& counted : fold_.counted())
    if (!accumulators.calls()[counted.call].extreme) combine_distinct(unit, end, counted, into);
}

// Each argument that any slice of the window has counts once.
void WindowAggregate::combine_distinct(StateUnit& unit, Millis end,
                                       const AggregateFold::Counted& counted, KeyedTable& into) {
  const RowLayout& layout = unit.layout().maps[counted.table];
  KeyedTable seen(layout, context_.memory);
  std::vector<StoredBlock> first_seen;
  for (const auto& [slice, table] : unit.maps(counted.table)) {
    if (slice <= end - size() || slice > end) continue;
    for (std::uint32_t row = 0; row < table->size(); ++row)
      if (load<std::int64_t>(table->value(row)) > 0 && seen.upsert_key_of(*table, row).inserted)
        first_seen.push_back({table->row(row), &table->texts()});
  }
  std::vector<Column> columns;
  for (std::size_t field = 0; field < layout.key.types.size(); ++field)
    columns.push_back(read_column(layout.key, field, layout.key.types[field], first_seen));
  std::vector<const Column*> keys;
  for (std::size_t field = 0; field + 1 < columns.size(); ++field) keys.push_back(&columns[field]);
  PackedRows packed(into.layout().key);
  packed.pack(keys, first_seen.size());
  const Accumulators::Call& call = fold_.accumulators().calls()[counted.call];
  for (std::size_t i = 0; i < first_seen.size(); ++i) {
    const std::uint32_t row = into.find(packed, i, packed.hash(i));
    if (row != KeyedTable::kNone)
      fold_.accumulators().add(call, columns.back(), i, 1, into.writable_value(row));
  }
}

Batch WindowAggregate::collect(Millis end) {
  const std::size_t rows = std::min(waiting_, kMaxBatchRows);
  keys_.clear();
  values_.clear();
  const auto take = [&](const KeyedTable& table, std::uint32_t& row) {
    for (; row < table.size() && keys_.size() < rows; ++row) {
      keys_.push_back({table.row(row), &table.texts()});
      values_.push_back({table.value(row), &table.texts()});
    }
    return row == table.size();
  };
  while (next_table_ < tables_.size() && take(*tables_[next_table_], next_row_)) {
    ++next_table_;
    next_row_ = 0;
  }
  take(combined_, next_combined_);
  waiting_ -= rows;

  const PackedBlock& key_block = fold_.layout().key;
  std::vector<Column> columns;
  columns.reserve(output_.size());
  for (std::size_t key = 0; key < key_block.types.size(); ++key)
    columns.push_back(read_column(key_block, key, key_block.types[key], keys_));
  for (std::size_t call = 0; call < fold_.accumulators().calls().size(); ++call)
    columns.push_back(fold_.accumulators().results(call, values_));
  const auto add_time = [&](Millis time) {
    columns.push_back(Column::repeat(output_.fields[columns.size()].type, Value{time}, rows));
  };
  if (plan_.emit_window) {
    add_time(end - size());
    add_time(end);
    if (plan_.emit_window_time) add_time(end - 1);
  }
  retype(columns, output_);
  if (waiting_ == 0) {
    tables_.clear();
    combined_.clear();
    next_combined_ = 0;
    next_table_ = 0;
  }
  return {.columns = std::move(columns), .physical_rows = rows};
}

void WindowAggregate::finish_window(Millis end) {
  done_ = std::max(done_, end - 1);
  for (const KeyGroup group : fold_.state().owned())
    fold_.state().unit(group)->drop_windows_through(end - size() + slide());
  earliest_ = fold_.state().earliest_window();
  firing_.reset();
}

// Tells every unit, also an empty one, which windows are over: after a restore their rows must
// still be late.
void WindowAggregate::note_progress() {
  Millis progress = done_;
  if (plan_.window && done_ != kEndOfTime)
    progress = slice_end(*plan_.window, done_ + 1) - slide() - 1;
  if (progress <= noted_) return;
  noted_ = progress;
  for (const KeyGroup group : fold_.state().owned())
    fold_.state().unit(group)->set_progress(progress);
}

}  // namespace penstock
