#include "runtime/state/bag_table.h"

namespace penstock {

BagLayout BagLayout::of(std::vector<Type> key, std::vector<Type> value) {
  return {.keys = RowLayout::of(std::move(key), {}, sizeof(std::uint32_t)),
          .rows = RowLayout::of(std::move(value), {}, sizeof(std::uint32_t))};
}

std::uint32_t BagTable::first_of(std::uint32_t key_row) const {
  return load<std::uint32_t>(keys_.row(key_row) + layout_->keys.extra_offset);
}

std::uint32_t BagTable::first(const PackedRows& keys, std::size_t key, std::uint64_t hash) const {
  const std::uint32_t found = keys_.find(keys, key, hash);
  return found == KeyedTable::kNone ? kNone : first_of(found);
}

void BagTable::set_next(std::uint32_t row, std::uint32_t next) {
  store<std::uint32_t>(rows_.writable(row) + layout_->rows.extra_offset, next);
}

std::uint32_t BagTable::new_row() {
  if (free_ == kNone) {
    rows_.append();
    return rows_.size() - 1;
  }
  const std::uint32_t row = free_;
  free_ = next(row);
  return row;
}

void BagTable::append(const PackedRows& keys, std::size_t key, std::uint64_t hash,
                      const PackedRows& values, std::size_t value) {
  const KeyedTable::Upsert place = keys_.upsert(keys, key, hash);
  const std::uint32_t head = place.inserted ? kNone : first_of(place.row);
  const std::uint32_t row = new_row();
  put_packed(rows_.writable(row), texts_, values, value);
  set_next(row, head);
  store<std::uint32_t>(keys_.writable_row(place.row) + layout_->keys.extra_offset, row);
  ++count_;
}

bool BagTable::remove(const PackedRows& keys, std::size_t key, std::uint64_t hash,
                      const PackedRows& values, std::size_t value) {
  const std::uint32_t found = keys_.find(keys, key, hash);
  if (found == KeyedTable::kNone) return false;
  std::uint32_t before = kNone;
  std::uint32_t row = first_of(found);
  while (row != kNone && !equal_stored(rows_.row(row), texts_, values, value)) {
    before = row;
    row = next(row);
  }
  if (row == kNone) return false;
  const std::uint32_t after = next(row);
  if (before != kNone) {
    set_next(before, after);
  } else if (after != kNone) {
    store<std::uint32_t>(keys_.writable_row(found) + layout_->keys.extra_offset, after);
  } else {
    keys_.erase(found);
  }
  drop_texts(rows_.row(row), texts_, layout_->rows.key);
  set_next(row, free_);
  free_ = row;
  --count_;
  return true;
}

void BagTable::tidy() {
  keys_.tidy();
  if (!texts_.wasteful()) return;
  TextStore kept(*budget_);
  const PackedBlock& block = layout_->rows.key;
  for (std::uint32_t key = 0; key < keys_.size(); ++key) {
    for (std::uint32_t row = first_of(key); row != kNone; row = next(row)) {
      std::byte* bytes = rows_.writable(row);
      for (const std::uint32_t offset : block.text_offsets)
        store<TextRef>(bytes + offset, kept.add(texts_.get(load<TextRef>(bytes + offset))));
    }
  }
  texts_ = std::move(kept);
}

BagTable BagTable::freeze() {
  BagTable picture(*layout_, keys_.freeze(), rows_.freeze(), texts_.freeze(), *budget_);
  picture.count_ = count_;
  return picture;
}

}  // namespace penstock
