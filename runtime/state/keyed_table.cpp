#include "runtime/state/keyed_table.h"

#include <cstring>

namespace penstock {

RowLayout RowLayout::of(std::vector<Type> key, std::vector<Type> value, std::uint32_t extra_bytes) {
  RowLayout layout{.key = PackedBlock::of(std::move(key)),
                   .value = PackedBlock::of(std::move(value))};
  layout.value_offset = layout.key.bytes;
  layout.extra_offset = layout.value_offset + layout.value.bytes;
  layout.row_bytes = layout.extra_offset + extra_bytes;
  return layout;
}

std::uint32_t KeyedTable::find(const PackedRows& keys, std::size_t key, std::uint64_t hash) const {
  return index_.find(
      hash, [&](std::uint32_t row) { return equal_stored(rows_.row(row), texts_, keys, key); });
}

void KeyedTable::make_room() {
  if (!index_.full()) return;
  index_.grow();
  for (std::uint32_t row = 0; row < rows_.size(); ++row) index_.insert(hash_of(row), row);
}

KeyedTable::Upsert KeyedTable::upsert_key_of(const KeyedTable& other, std::uint32_t number) {
  const std::byte* key = other.row(number);
  const std::uint64_t hash = hash_stored(key, other.texts_, layout_->key);
  const std::uint32_t found = index_.find(hash, [&](std::uint32_t row) {
    return equal_blocks({rows_.row(row), &texts_}, {key, &other.texts_}, layout_->key);
  });
  if (found != kNone) return {found, false};
  make_room();
  const std::uint32_t row = rows_.size();
  std::byte* bytes = rows_.append();
  std::memcpy(bytes, key, layout_->key.fixed_bytes);
  for (const std::uint32_t offset : layout_->key.text_offsets)
    store<TextRef>(bytes + offset, texts_.add(other.texts_.get(load<TextRef>(key + offset))));
  std::memset(bytes + layout_->value_offset, 0, layout_->row_bytes - layout_->value_offset);
  index_.insert(hash, row);
  return {row, true};
}

KeyedTable::Upsert KeyedTable::upsert(const PackedRows& keys, std::size_t key, std::uint64_t hash) {
  const std::uint32_t found = find(keys, key, hash);
  if (found != kNone) return {found, false};
  make_room();
  const std::uint32_t row = rows_.size();
  std::byte* bytes = rows_.append();
  put_packed(bytes, texts_, keys, key);
  std::memset(bytes + layout_->value_offset, 0, layout_->row_bytes - layout_->value_offset);
  index_.insert(hash, row);
  return {row, true};
}

void KeyedTable::erase(std::uint32_t number) {
  index_.erase(hash_of(number), number, [this](std::uint32_t row) { return hash_of(row); });
  drop_texts(rows_.row(number), texts_, layout_->key);
  drop_texts(rows_.row(number) + layout_->value_offset, texts_, layout_->value);
  const std::uint32_t last = rows_.size() - 1;
  if (number != last) {
    index_.rename(hash_of(last), last, number);
    std::byte* to = rows_.writable(number);  // first: it may replace the segment of `last` too
    std::memcpy(to, rows_.row(last), layout_->row_bytes);
  }
  rows_.pop();
}

void KeyedTable::clear() {
  rows_.clear();
  index_.clear();
  texts_ = TextStore(*budget_);
}

void KeyedTable::tidy() {
  if (!texts_.wasteful()) return;
  TextStore kept(*budget_);
  const auto copy = [&](std::byte* block, const PackedBlock& of) {
    for (const std::uint32_t offset : of.text_offsets)
      store<TextRef>(block + offset, kept.add(texts_.get(load<TextRef>(block + offset))));
  };
  for (std::uint32_t row = 0; row < rows_.size(); ++row) {
    std::byte* bytes = rows_.writable(row);
    copy(bytes, layout_->key);
    copy(bytes + layout_->value_offset, layout_->value);
  }
  texts_ = std::move(kept);
}

KeyedTable KeyedTable::freeze() { return {*layout_, rows_.freeze(), texts_.freeze(), *budget_}; }

}  // namespace penstock
