#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/state/packed_rows.h"
#include "runtime/state/row_index.h"
#include "runtime/state/segment.h"

namespace penstock {

// A row of a table: a key block, a value block, and bytes that only the table's user understands.
struct RowLayout {
  PackedBlock key;
  PackedBlock value;
  std::uint32_t value_offset = 0;  // of the value block in the row
  std::uint32_t extra_offset = 0;
  std::uint32_t row_bytes = 0;

  static RowLayout of(std::vector<Type> key, std::vector<Type> value, std::uint32_t extra_bytes);
};

// Key -> value for one window of one unit. Rows lie dense in the order of insertion (an erased row
// is replaced by the last one); the layout outlives the table. One thread; a picture (freeze) is
// only read, by any one thread.
class KeyedTable {
 public:
  KeyedTable(const RowLayout& layout, MemoryBudget& budget)
      : layout_(&layout),
        rows_(layout.row_bytes, budget),
        texts_(budget),
        index_(budget),
        budget_(&budget) {}

  const RowLayout& layout() const { return *layout_; }
  std::uint32_t size() const { return rows_.size(); }
  const std::byte* row(std::uint32_t number) const { return rows_.row(number); }
  const std::byte* value(std::uint32_t number) const { return row(number) + layout_->value_offset; }
  std::byte* writable_value(std::uint32_t number) {
    return rows_.writable(number) + layout_->value_offset;
  }
  std::byte* writable_row(std::uint32_t number) { return rows_.writable(number); }
  TextStore& texts() { return texts_; }
  const TextStore& texts() const { return texts_; }

  static constexpr std::uint32_t kNone = RowIndex::kNone;
  // Number of the row whose key is row `key` of `keys` (packed by layout().key; `hash` is
  // keys.hash(key)), or kNone.
  std::uint32_t find(const PackedRows& keys, std::size_t key, std::uint64_t hash) const;
  // The same, with a new row (all values zero, none NULL) when there is none.
  struct Upsert {
    std::uint32_t row;
    bool inserted;
  };
  Upsert upsert(const PackedRows& keys, std::size_t key, std::uint64_t hash);
  // The same for the key of row `number` of another table with the same layout.
  Upsert upsert_key_of(const KeyedTable& other, std::uint32_t number);
  // Row numbers change: the last row takes the number of the erased one.
  void erase(std::uint32_t number);
  // Erases all rows; memory is kept for the next ones.
  void clear();
  void prefetch(std::uint64_t hash) const { index_.prefetch(hash); }

  // Reclaims the memory of texts that are gone, when that is worth it. References to texts change.
  void tidy();
  KeyedTable freeze();
  std::uint64_t bytes() const {
    return sizeof(*this) + rows_.bytes() + texts_.bytes() + index_.bytes();
  }

 private:
  KeyedTable(const RowLayout& layout, RowStore rows, TextStore texts, MemoryBudget& budget)
      : layout_(&layout),
        rows_(std::move(rows)),
        texts_(std::move(texts)),
        index_(budget),
        budget_(&budget) {}

  void make_room();
  std::uint64_t hash_of(std::uint32_t row) const {
    return hash_stored(rows_.row(row), texts_, layout_->key);
  }

  const RowLayout* layout_;
  RowStore rows_;
  TextStore texts_;
  RowIndex index_;
  MemoryBudget* budget_;
};

}  // namespace penstock
