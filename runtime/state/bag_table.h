#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "runtime/state/keyed_table.h"

namespace penstock {

// Layouts of a bag: its keys with the chain's head and length behind them, its rows with the next
// row's number.
struct BagLayout {
  RowLayout keys;
  RowLayout rows;
  static BagLayout of(std::vector<Type> key, std::vector<Type> value);
};

// Key -> bag of rows (equal rows are allowed) for one window of one unit: a join side. Rows of a
// key form a chain. As KeyedTable otherwise.
class BagTable {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  BagTable(const BagLayout& layout, MemoryBudget& budget)
      : layout_(&layout),
        keys_(layout.keys, budget),
        rows_(layout.rows.row_bytes, budget),
        texts_(budget),
        budget_(&budget) {}

  const BagLayout& layout() const { return *layout_; }
  const KeyedTable& keys() const { return keys_; }
  std::uint64_t size() const { return count_; }
  const TextStore& texts() const { return texts_; }

  // First row of a key, or kNone; the row after `row`; the value block of `row`.
  std::uint32_t first(const PackedRows& keys, std::size_t key, std::uint64_t hash) const;
  std::uint32_t first_of(std::uint32_t key_row) const;
  std::uint32_t next(std::uint32_t row) const {
    return load<std::uint32_t>(rows_.row(row) + layout_->rows.extra_offset);
  }
  const std::byte* value(std::uint32_t row) const { return rows_.row(row); }

  void append(const PackedRows& keys, std::size_t key, std::uint64_t hash, const PackedRows& values,
              std::size_t value);
  // Takes out one row equal to the given one; false when there is none.
  bool remove(const PackedRows& keys, std::size_t key, std::uint64_t hash, const PackedRows& values,
              std::size_t value);

  void tidy();
  BagTable freeze();
  std::uint64_t bytes() const {
    return keys_.bytes() + rows_.bytes() + texts_.bytes() + sizeof(*this);
  }

 private:
  BagTable(const BagLayout& layout, KeyedTable keys, RowStore rows, TextStore texts,
           MemoryBudget& budget)
      : layout_(&layout),
        keys_(std::move(keys)),
        rows_(std::move(rows)),
        texts_(std::move(texts)),
        budget_(&budget) {}

  void set_next(std::uint32_t row, std::uint32_t next);
  std::uint32_t new_row();

  const BagLayout* layout_;
  KeyedTable keys_;
  RowStore rows_;
  TextStore texts_;
  std::uint32_t free_ = kNone;  // chain of removed rows
  std::uint64_t count_ = 0;
  MemoryBudget* budget_;
};

}  // namespace penstock
