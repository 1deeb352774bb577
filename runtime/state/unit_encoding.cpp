#include "runtime/state/unit_encoding.h"

#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

// Level 1: checkpoints are written far more often than read.
constexpr int kCompressionLevel = 1;

class Writer {
 public:
  template <typename T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  void raw(std::string_view value) { out_.append(value); }
  // Room for `size` bytes, to be filled before the next call.
  char* room(std::size_t size) {
    out_.resize(out_.size() + size);
    return out_.data() + out_.size() - size;
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void write_shape(Writer& out, const StateTableShape& shape) {
  out.text(shape.name);
  out.number(static_cast<std::uint8_t>(shape.bag));
  out.number(static_cast<std::uint32_t>(shape.key.size()));
  for (const Type& type : shape.key) out.text(type.to_string());
  out.number(static_cast<std::uint32_t>(shape.value.size()));
  for (const Type& type : shape.value) out.text(type.to_string());
}

// One leaf of all rows: whether there are NULLs, their bytes, then the values; texts as lengths,
// then bytes.
void write_leaf(Writer& out, const PackedBlock::Leaf& leaf, const std::vector<StoredBlock>& rows) {
  const bool nulls =
      std::ranges::any_of(rows, [&](const StoredBlock& row) { return is_null(row.bytes, leaf); });
  out.number(static_cast<std::uint8_t>(nulls));
  if (nulls) {
    char* to = out.room(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) to[i] = is_null(rows[i].bytes, leaf) ? 1 : 0;
  }
  if (leaf.kind == TypeKind::kString) {
    for (const StoredBlock& row : rows)
      out.number(static_cast<std::uint32_t>(
          row.texts->get(load<TextRef>(row.bytes + leaf.offset)).size()));
    for (const StoredBlock& row : rows)
      out.raw(row.texts->get(load<TextRef>(row.bytes + leaf.offset)));
    return;
  }
  char* to = out.room(rows.size() * leaf.width);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(to + i * leaf.width, rows[i].bytes + leaf.offset, leaf.width);
}

struct Rows {
  std::vector<std::pair<Millis, std::uint64_t>> windows;
  std::vector<StoredBlock> key;
  std::vector<StoredBlock> value;
};

Rows collect_map(const StateUnit& unit, std::size_t shape) {
  Rows rows;
  for (const auto& [window, table] : unit.maps(shape)) {
    if (table->size() == 0) continue;
    rows.windows.emplace_back(window, table->size());
    for (std::uint32_t row = 0; row < table->size(); ++row) {
      rows.key.push_back({table->row(row), &table->texts()});
      rows.value.push_back({table->value(row), &table->texts()});
    }
  }
  return rows;
}

Rows collect_bag(const StateUnit& unit, std::size_t shape) {
  Rows rows;
  for (const auto& [window, table] : unit.bags(shape)) {
    if (table->size() == 0) continue;
    rows.windows.emplace_back(window, table->size());
    for (std::uint32_t key = 0; key < table->keys().size(); ++key) {
      for (std::uint32_t row = table->first_of(key); row != BagTable::kNone;
           row = table->next(row)) {
        rows.key.push_back({table->keys().row(key), &table->keys().texts()});
        rows.value.push_back({table->value(row), &table->texts()});
      }
    }
  }
  return rows;
}

void write_table(Writer& out, const StateUnit& unit, std::size_t number) {
  const StateTableShape& shape = unit.layout().shapes[number];
  write_shape(out, shape);
  const Rows rows = shape.bag ? collect_bag(unit, number) : collect_map(unit, number);
  out.number(std::uint64_t{rows.windows.size()});
  for (const auto& [window, count] : rows.windows) {
    out.number(window);
    out.number(count);
  }
  const UnitLayout& layout = unit.layout();
  const PackedBlock& key = shape.bag ? layout.bags[number].keys.key : layout.maps[number].key;
  const PackedBlock& value = shape.bag ? layout.bags[number].rows.key : layout.maps[number].value;
  for (const PackedBlock::Leaf& leaf : key.leaves) write_leaf(out, leaf, rows.key);
  for (const PackedBlock::Leaf& leaf : value.leaves) write_leaf(out, leaf, rows.value);
}

}  // namespace

std::string seal_block(std::string_view payload) {
  std::string packed(ZSTD_compressBound(payload.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), payload.data(),
                                         payload.size(), kCompressionLevel);
  CHECK(!ZSTD_isError(size));
  packed.resize(size);
  Writer out;
  out.raw(kUnitMagic);
  out.number(kUnitFormat);
  out.number(std::uint64_t{payload.size()});
  out.number(std::uint64_t{XXH3_64bits_withSeed(packed.data(), packed.size(), payload.size())});
  out.raw(packed);
  return out.take();
}

std::string encode_unit(const StateUnit& unit) {
  Writer out;
  out.number(unit.progress());
  out.number(static_cast<std::uint32_t>(unit.layout().shapes.size()));
  for (std::size_t i = 0; i < unit.layout().shapes.size(); ++i) write_table(out, unit, i);
  return seal_block(out.take());
}

}  // namespace penstock
