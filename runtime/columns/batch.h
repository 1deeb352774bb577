#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/columns/column.h"

namespace penstock {

// What a row of a changelog means. The numbers are written to files.
enum class RowKind : std::uint8_t { kInsert = 0, kUpdateBefore = 1, kUpdateAfter = 2, kDelete = 3 };

// +1 for kInsert and kUpdateAfter, -1 for the other two.
constexpr int sign_of(RowKind kind) {
  return kind == RowKind::kInsert || kind == RowKind::kUpdateAfter ? 1 : -1;
}

inline constexpr std::size_t kMaxBatchRows = 8192;

// Rows as columns: an immutable value, cheap to copy. With a selection only the rows that it lists
// (ascending, at least one) belong to the batch; columns then hold more. Row kinds, like columns,
// are numbered by physical row and are absent while every row is an insert.
struct Batch {
  std::vector<Column> columns;
  std::size_t physical_rows = 0;  // of each column; meaningful also without columns (COUNT(*))
  std::shared_ptr<const std::vector<std::uint32_t>> selection{};
  std::shared_ptr<const RowKind[]> kinds{};

  static Batch of(std::vector<Column> columns);

  std::size_t rows() const { return selection ? selection->size() : physical_rows; }
  bool empty() const { return rows() == 0; }
  // Physical number of the i-th row of the batch.
  std::size_t row(std::size_t i) const { return selection ? (*selection)[i] : i; }
  RowKind kind_at(std::size_t physical_row) const {
    return kinds ? kinds[physical_row] : RowKind::kInsert;
  }
  // The same rows without a selection. A copy of the handles when there is none.
  Batch dense() const;
  // The physical rows named, as a dense batch.
  Batch gather(RowNumbers rows) const;
  std::size_t bytes() const;
};

// Dense batches below each other; all with the same column types; at least one.
Batch concat(std::span<const Batch> batches);

}  // namespace penstock
