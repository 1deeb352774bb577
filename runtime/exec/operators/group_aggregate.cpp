#include "runtime/exec/operators/group_aggregate.h"

#include <cstring>

#include "runtime/exec/operators/batch_columns.h"

namespace penstock {
namespace {

bool equal_rows(const Column& column, std::size_t a, std::size_t b) {
  if (column.is_null(a) || column.is_null(b)) return column.is_null(a) == column.is_null(b);
  return with_physical_type(column.type().kind, [&](auto* tag) {
    const auto* values = column.values<std::remove_pointer_t<decltype(tag)>>().data();
    return values[a] == values[b];
  });
}

}  // namespace

Result<std::unique_ptr<Operator>> GroupAggregate::make(const OperatorContext& context,
                                                       const GroupAggregateSpec& spec) {
  TRY_ASSIGN(AggregateFold fold, AggregateFold::make(context, spec.keys, spec.aggregates));
  return std::unique_ptr<Operator>(
      std::make_unique<GroupAggregate>(std::move(fold), context.graph.at(context.id).output));
}

Status GroupAggregate::on_batch(std::size_t, Batch batch) {
  if (batch.empty()) return ok();
  fold_.fold(batch, nullptr);
  next_group_ = 0;
  groups_ = fold_.groups();
  return ok();
}

Result<std::optional<Batch>> GroupAggregate::next() {
  while (next_group_ < groups_) {
    rows_.clear();
    kinds_.clear();
    blocks_.clear();
    texts_.clear();
    while (next_group_ < groups_ && rows_.size() + 2 <= kMaxBatchRows) update(next_group_++);
    std::optional<Batch> changes;
    if (!rows_.empty()) changes = collect();
    if (next_group_ == groups_) fold_.tidy();
    if (changes && !changes->empty()) return changes;
  }
  return std::optional<Batch>();
}

void GroupAggregate::emit(std::size_t group, RowKind kind, const std::byte* values,
                          const TextStore& texts) {
  rows_.push_back(static_cast<std::uint32_t>(group));
  kinds_.push_back(kind);
  blocks_.insert(blocks_.end(), values, values + fold_.accumulators().block().bytes);
  texts_.push_back(&texts);
}

void GroupAggregate::update(std::size_t group) {
  KeyedTable& table = fold_.table(group);
  const KeyedTable::Upsert place = fold_.place(group);
  if (!place.inserted) emit(group, RowKind::kUpdateBefore, table.value(place.row), table.texts());
  fold_.merge(group, place.row);
  if (Accumulators::rows(table.value(place.row)) <= 0) {
    if (!place.inserted) kinds_.back() = RowKind::kDelete;
    table.erase(place.row);
    return;
  }
  emit(group, place.inserted ? RowKind::kInsert : RowKind::kUpdateAfter, table.value(place.row),
       table.texts());
}

Batch GroupAggregate::collect() {
  const std::size_t stride = fold_.accumulators().block().bytes;
  std::vector<StoredBlock> values(rows_.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = {blocks_.data() + i * stride, texts_[i]};
  std::vector<Column> columns;
  for (const Column& key : fold_.key_columns()) columns.push_back(key.gather(rows_));
  const std::size_t keys = columns.size();
  for (std::size_t call = 0; call < fold_.accumulators().calls().size(); ++call)
    columns.push_back(fold_.accumulators().results(call, values));
  retype(columns, output_);

  // An update that changes no result is no update.
  std::vector<std::uint32_t> kept;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    bool changed = kinds_[i] != RowKind::kUpdateBefore;
    for (std::size_t column = keys; column < columns.size() && !changed; ++column)
      changed = !equal_rows(columns[column], i, i + 1);
    if (!changed) {
      ++i;
      continue;
    }
    kept.push_back(static_cast<std::uint32_t>(i));
  }
  Batch batch{
      .columns = std::move(columns), .physical_rows = rows_.size(), .kinds = kinds_of(kinds_)};
  return kept.size() == rows_.size() ? batch : batch.gather(kept);
}

}  // namespace penstock
