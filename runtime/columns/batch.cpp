#include "runtime/columns/batch.h"

#include <algorithm>

namespace penstock {

Batch Batch::of(std::vector<Column> columns) {
  CHECK(!columns.empty());
  const std::size_t rows = columns.front().rows();
  for (const Column& column : columns) CHECK(column.rows() == rows);
  return {.columns = std::move(columns), .physical_rows = rows};
}

Batch Batch::dense() const { return selection ? gather(*selection) : *this; }

Batch Batch::gather(RowNumbers rows) const {
  Batch out{.physical_rows = rows.size()};
  out.columns.reserve(columns.size());
  for (const Column& column : columns) out.columns.push_back(column.gather(rows));
  if (kinds) {
    auto picked = allocate_values<RowKind>(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) picked[i] = kinds[rows[i]];
    out.kinds = std::move(picked);
  }
  return out;
}

std::size_t Batch::bytes() const {
  std::size_t total = kinds ? physical_rows : 0;
  for (const Column& column : columns) total += column.bytes();
  return total;
}

Batch concat(std::span<const Batch> batches) {
  CHECK(!batches.empty());
  if (batches.size() == 1) return batches[0];
  Batch out;
  bool any_kinds = false;
  for (const Batch& batch : batches) {
    CHECK(!batch.selection);
    out.physical_rows += batch.physical_rows;
    any_kinds |= batch.kinds != nullptr;
  }
  for (std::size_t column = 0; column < batches[0].columns.size(); ++column) {
    std::vector<Column> parts;
    for (const Batch& batch : batches) parts.push_back(batch.columns[column]);
    out.columns.push_back(concat(parts));
  }
  if (any_kinds) {
    auto kinds = allocate_values<RowKind>(out.physical_rows);
    std::size_t at = 0;
    for (const Batch& batch : batches)
      for (std::size_t row = 0; row < batch.physical_rows; ++row) kinds[at++] = batch.kind_at(row);
    out.kinds = std::move(kinds);
  }
  return out;
}

}  // namespace penstock
