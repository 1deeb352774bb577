#include "runtime/exec/operators/join.h"

#include <algorithm>

#include "runtime/exec/operators/batch_columns.h"
#include "runtime/exec/operators/window_times.h"
#include "runtime/graph/key_groups.h"

namespace penstock {
Result<std::unique_ptr<Operator>> Join::make(const OperatorContext& context, const JoinSpec& spec) {
  std::optional<Evaluator> condition;
  if (spec.condition) {
    TRY_ASSIGN(Evaluator evaluator, Evaluator::make(*spec.condition, context.clock));
    condition = std::move(evaluator);
  }
  return std::unique_ptr<Operator>(std::make_unique<Join>(context, spec, std::move(condition)));
}

Join::Join(const OperatorContext& context, const JoinSpec& spec, std::optional<Evaluator> condition)
    : context_(context),
      output_(context.graph.at(context.id).output),
      condition_(std::move(condition)) {
  std::vector<StateTableShape> shapes = table_shapes(context);
  layout_ = UnitLayout::of(shapes);
  for (std::size_t i = 0; i < 2; ++i) {
    Side& side = sides_[i];
    side.keys = i == 0 ? spec.left_keys : spec.right_keys;
    if (spec.window_end) side.window_end = i == 0 ? spec.window_end->left : spec.window_end->right;
    side.packed_keys = std::make_unique<PackedRows>(layout_->bags[i].keys.key);
    side.packed_rows = std::make_unique<PackedRows>(layout_->bags[i].rows.key);
    side.types = shapes[i].value;
  }
  state_ = std::make_unique<OperatorState>(std::move(shapes), context.key_groups, context.memory);
}

void Join::look_at_state() {
  if (state_->version() == state_version_) return;
  state_version_ = state_->version();
  if (!sides_[0].window_end) return;
  for (const KeyGroup group : state_->owned())
    done_ = std::max(done_, state_->unit(group)->progress());
}

// Leaves out rows with a NULL in the key, which match nothing, and rows of windows that are over.
Status Join::keep_joinable(Side& side, Batch& batch) {
  kept_.clear();
  windows_.clear();
  std::uint64_t late = 0;
  for (std::size_t i = 0; i < batch.rows(); ++i) {
    const std::size_t row = batch.row(i);
    const bool null = std::ranges::any_of(
        side.keys, [&](std::size_t key) { return batch.columns[key].is_null(row); });
    if (null) continue;
    if (side.window_end) {
      const Millis end = batch.columns[*side.window_end].values<Millis>()[row];
      if (done_ != kNoWatermark && end - 1 <= done_) {
        ++late;
        continue;
      }
      windows_.push_back(end);
    }
    kept_.push_back(static_cast<std::uint32_t>(row));
  }
  if (late > 0) context_.counters.late_rows.fetch_add(late, std::memory_order_relaxed);
  if (batch.selection || kept_.size() != batch.physical_rows) batch = batch.gather(kept_);
  return ok();
}

Status Join::on_batch(std::size_t input, Batch batch) {
  look_at_state();
  input_ = input;
  Side& side = sides_[input];
  TRY(keep_joinable(side, batch));
  batch_ = std::move(batch);
  next_row_ = 0;
  chain_ = BagTable::kNone;
  chain_bag_ = nullptr;
  if (batch_.physical_rows == 0) return ok();

  columns_.clear();
  for (const Column& column : batch_.columns) columns_.push_back(&column);
  side.packed_rows->pack(columns_, batch_.physical_rows);
  columns_.clear();
  for (const std::size_t key : side.keys) columns_.push_back(&batch_.columns[key]);
  side.packed_keys->pack(columns_, batch_.physical_rows);
  hashes_.resize(batch_.physical_rows);
  hash_rows(columns_, batch_.physical_rows, hashes_.data());
  units_.resize(batch_.physical_rows);
  for (std::size_t row = 0; row < units_.size(); ++row) {
    units_[row] = state_->unit(key_group_of(hashes_[row], state_->key_groups()));
    CHECK(units_[row] != nullptr);
  }
  side.packed_keys->hash_all(hashes_);
  store_rows();
  return ok();
}

void Join::store_rows() {
  const Side& side = sides_[input_];
  bool removed = false;
  for (std::size_t row = 0; row < batch_.physical_rows; ++row) {
    BagTable& bag = units_[row]->bag(input_, window(row));
    if (sign_of(batch_.kind_at(row)) > 0) {
      bag.append(*side.packed_keys, row, hashes_[row], *side.packed_rows, row);
    } else {
      bag.remove(*side.packed_keys, row, hashes_[row], *side.packed_rows, row);
      removed = true;
    }
  }
  if (removed)
    for (StateUnit* unit : units_) unit->tidy();
}

Status Join::on_watermark(Millis watermark) {
  if (!sides_[0].window_end) return ok();
  look_at_state();
  if (watermark <= done_) return ok();
  done_ = watermark;
  for (const KeyGroup group : state_->owned()) {
    StateUnit& unit = *state_->unit(group);
    unit.drop_windows_through(watermark == kEndOfTime ? watermark : watermark + 1);
    unit.set_progress(watermark);
  }
  return ok();
}

Result<std::optional<Batch>> Join::next() {
  const std::size_t other = 1 - input_;
  while (next_row_ < batch_.physical_rows) {
    pair_rows_.clear();
    pair_stored_.clear();
    while (next_row_ < batch_.physical_rows && pair_rows_.size() < kMaxBatchRows) {
      if (chain_bag_ == nullptr) {
        chain_bag_ = units_[next_row_]->find_bag(other, window(next_row_));
        chain_ = BagTable::kNone;
        if (chain_bag_ != nullptr)
          chain_ = chain_bag_->first(*sides_[input_].packed_keys, next_row_, hashes_[next_row_]);
      }
      for (; chain_ != BagTable::kNone && pair_rows_.size() < kMaxBatchRows;
           chain_ = chain_bag_->next(chain_)) {
        pair_rows_.push_back(static_cast<std::uint32_t>(next_row_));
        pair_stored_.push_back({chain_bag_->value(chain_), &chain_bag_->texts()});
      }
      if (chain_ != BagTable::kNone) break;
      chain_bag_ = nullptr;
      ++next_row_;
    }
    if (pair_rows_.empty()) break;
    TRY_ASSIGN(Batch pairs, collect());
    if (!pairs.empty()) return std::optional(std::move(pairs));
  }
  return std::optional<Batch>();
}

Result<Batch> Join::collect() {
  const std::size_t other = 1 - input_;
  const PackedBlock& block = layout_->bags[other].rows.key;
  std::vector<Column> own, stored;
  own.reserve(output_.size());
  stored.reserve(output_.size());
  for (const Column& column : batch_.columns) own.push_back(column.gather(pair_rows_));
  for (std::size_t field = 0; field < block.types.size(); ++field)
    stored.push_back(read_column(block, field, sides_[other].types[field], pair_stored_));

  if (input_ == 1) own.swap(stored);  // the left columns first
  Batch out{.columns = std::move(own), .physical_rows = pair_rows_.size()};
  for (Column& column : stored) out.columns.push_back(std::move(column));
  retype(out.columns, output_);
  if (batch_.kinds) {
    auto kinds = allocate_values<RowKind>(pair_rows_.size());
    for (std::size_t i = 0; i < pair_rows_.size(); ++i) kinds[i] = batch_.kinds[pair_rows_[i]];
    out.kinds = std::move(kinds);
  }
  if (!condition_) return out;
  TRY_ASSIGN(std::vector<std::uint32_t> rows, condition_->select(out));
  return rows.size() == out.physical_rows ? out : out.gather(rows);
}

}  // namespace penstock
