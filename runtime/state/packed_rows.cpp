#include "runtime/state/packed_rows.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

void add_leaves(const Type& type, std::vector<PackedBlock::Leaf>& leaves) {
  const bool row = type.kind == TypeKind::kRow;
  const std::size_t width =
      type.kind == TypeKind::kString ? sizeof(TextRef) : physical_size(type.kind);
  leaves.push_back({.kind = type.kind, .width = static_cast<std::uint32_t>(width)});
  if (!row) return;
  for (const Field& field : *type.fields) add_leaves(field.type, leaves);
}

__extension__ using UInt128 = unsigned __int128;

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15u;
constexpr std::uint64_t kFactor = 0xd6e8feb86659fd93u;

// Fewer than 8 bytes as one number.
inline std::uint64_t load_few(const std::byte* from, std::size_t bytes) {
  if (bytes >= 4)
    return load<std::uint32_t>(from) | std::uint64_t{load<std::uint32_t>(from + bytes - 4)} << 32;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8 | std::to_integer<std::uint64_t>(from[i]);
  return value;
}

}  // namespace

PackedBlock PackedBlock::of(std::vector<Type> types) {
  PackedBlock block;
  block.types = std::move(types);
  for (const Type& type : block.types) {
    block.first_leaf.push_back(static_cast<std::uint32_t>(block.leaves.size()));
    add_leaves(type, block.leaves);
  }
  std::uint32_t at = 0;
  for (Leaf& leaf : block.leaves) {
    if (leaf.kind == TypeKind::kString) continue;
    leaf.offset = at;
    at += leaf.width;
  }
  for (std::uint32_t i = 0; i < block.leaves.size(); ++i) {
    block.leaves[i].null_byte = at + i / 8;
    block.leaves[i].null_mask = static_cast<std::uint8_t>(1u << (i % 8));
  }
  at += static_cast<std::uint32_t>((block.leaves.size() + 7) / 8);
  block.fixed_bytes = at;
  for (Leaf& leaf : block.leaves) {
    if (leaf.kind != TypeKind::kString) continue;
    leaf.offset = at;
    leaf.text = static_cast<std::uint32_t>(block.text_offsets.size());
    block.text_offsets.push_back(at);
    at += leaf.width;
  }
  block.bytes = at;
  return block;
}

void PackedRows::pack(const std::vector<const Column*>& columns, std::size_t rows) {
  CHECK(columns.size() == block_->types.size());
  rows_ = rows;
  bytes_.assign(rows * block_->fixed_bytes, std::byte{0});
  texts_.resize(rows * block_->text_offsets.size());
  std::size_t leaf = 0;
  for (const Column* column : columns) pack_leaves(*column, leaf, nullptr);
}

void PackedRows::pack_leaves(const Column& column, std::size_t& number,
                             const std::vector<std::uint8_t>* parent_nulls) {
  const PackedBlock::Leaf& leaf = block_->leaves[number++];
  CHECK(column.type().kind == leaf.kind && column.rows() >= rows_);
  const std::uint8_t* nulls = column.nulls();
  std::vector<std::uint8_t> merged;
  if (parent_nulls != nullptr) {
    merged = *parent_nulls;
    if (nulls != nullptr)
      for (std::size_t i = 0; i < rows_; ++i) merged[i] |= nulls[i];
    nulls = merged.data();
  }
  const std::size_t stride = block_->fixed_bytes;
  std::byte* base = bytes_.data();
  if (nulls != nullptr)
    for (std::size_t i = 0; i < rows_; ++i)
      if (nulls[i] != 0) base[i * stride + leaf.null_byte] |= std::byte{leaf.null_mask};
  if (leaf.kind == TypeKind::kRow) {
    if (nulls != nullptr && merged.empty()) merged.assign(nulls, nulls + rows_);
    for (const Column& child : column.children())
      pack_leaves(child, number, nulls != nullptr ? &merged : nullptr);
    return;
  }
  with_physical_type(leaf.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    const T* values = column.values<T>().data();
    if constexpr (std::is_same_v<T, std::string_view>) {
      const std::size_t texts = block_->text_offsets.size();
      std::string_view* out = texts_.data() + leaf.text;
      for (std::size_t i = 0; i < rows_; ++i)
        out[i * texts] = nulls != nullptr && nulls[i] != 0 ? std::string_view{} : values[i];
    } else if (nulls == nullptr) {
      for (std::size_t i = 0; i < rows_; ++i) store<T>(base + i * stride + leaf.offset, values[i]);
    } else {
      for (std::size_t i = 0; i < rows_; ++i)
        if (nulls[i] == 0) store<T>(base + i * stride + leaf.offset, values[i]);
    }
    if constexpr (std::is_same_v<T, double>)  // -0.0 equals 0.0
      for (std::size_t i = 0; i < rows_; ++i)
        if (load<double>(base + i * stride + leaf.offset) == 0.0)
          store<double>(base + i * stride + leaf.offset, 0.0);
  });
}

bool equal_fixed(const std::byte* a, const std::byte* b, std::size_t bytes) {
  for (; bytes >= 8; a += 8, b += 8, bytes -= 8)
    if (load<std::uint64_t>(a) != load<std::uint64_t>(b)) return false;
  return load_few(a, bytes) == load_few(b, bytes);
}

namespace {

inline std::uint64_t hash_bytes(const std::byte* from, std::size_t bytes) {
  std::uint64_t hash = kSeed;
  for (; bytes >= 8; from += 8, bytes -= 8) hash = mix(hash ^ load<std::uint64_t>(from), kFactor);
  return mix(hash ^ load_few(from, bytes) ^ kFactor, kSeed);
}

// With the number of bytes known to the compiler: no loops over them.
template <std::size_t kBytes>
void hash_dense(const std::byte* rows, std::vector<std::uint64_t>& hashes) {
  for (std::size_t i = 0; i < hashes.size(); ++i) hashes[i] = hash_bytes(rows + i * kBytes, kBytes);
}

}  // namespace

std::uint64_t hash_fixed(const std::byte* from, std::size_t bytes) {
  return hash_bytes(from, bytes);
}

std::uint64_t hash_text(std::uint64_t seed, std::string_view text) {
  return mix(seed ^ XXH3_64bits(text.data(), text.size()), kFactor);
}

std::uint64_t PackedRows::hash(std::size_t row) const {
  std::uint64_t hash = hash_fixed(fixed(row), block_->fixed_bytes);
  for (std::size_t i = 0; i < block_->text_offsets.size(); ++i)
    hash = hash_text(hash, text(row, i));
  return hash;
}

void PackedRows::hash_all(std::vector<std::uint64_t>& hashes) const {
  hashes.resize(rows_);
  if (is_one_number()) return hash_dense<kOneNumber>(bytes_.data(), hashes);
  for (std::size_t i = 0; i < rows_; ++i) hashes[i] = hash(i);
}

bool PackedRows::equal_any(std::size_t a, std::size_t b) const {
  if (!equal_fixed(fixed(a), fixed(b), block_->fixed_bytes)) return false;
  for (std::size_t i = 0; i < block_->text_offsets.size(); ++i)
    if (text(a, i) != text(b, i)) return false;
  return true;
}

bool equal_stored(const std::byte* stored, const TextStore& texts, const PackedRows& rows,
                  std::size_t row) {
  const PackedBlock& block = rows.block();
  if (!equal_fixed(stored, rows.fixed(row), block.fixed_bytes)) return false;
  for (std::size_t i = 0; i < block.text_offsets.size(); ++i)
    if (texts.get(load<TextRef>(stored + block.text_offsets[i])) != rows.text(row, i)) return false;
  return true;
}

std::uint64_t hash_stored(const std::byte* stored, const TextStore& texts,
                          const PackedBlock& block) {
  std::uint64_t hash = hash_fixed(stored, block.fixed_bytes);
  for (const std::uint32_t offset : block.text_offsets)
    hash = hash_text(hash, texts.get(load<TextRef>(stored + offset)));
  return hash;
}

bool equal_blocks(StoredBlock a, StoredBlock b, const PackedBlock& block) {
  if (!equal_fixed(a.bytes, b.bytes, block.fixed_bytes)) return false;
  for (const std::uint32_t offset : block.text_offsets)
    if (a.texts->get(load<TextRef>(a.bytes + offset)) !=
        b.texts->get(load<TextRef>(b.bytes + offset)))
      return false;
  return true;
}

void put_packed(std::byte* to, TextStore& texts, const PackedRows& rows, std::size_t row) {
  const PackedBlock& block = rows.block();
  // Not memcpy: rows of a key without columns have no bytes, and no address.
  std::copy_n(rows.fixed(row), block.fixed_bytes, to);
  for (std::size_t i = 0; i < block.text_offsets.size(); ++i)
    store<TextRef>(to + block.text_offsets[i], texts.add(rows.text(row, i)));
}

void drop_texts(const std::byte* stored, TextStore& texts, const PackedBlock& block) {
  for (const std::uint32_t offset : block.text_offsets) texts.drop(load<TextRef>(stored + offset));
}

namespace {

Column read_leaves(const PackedBlock& block, std::size_t& number, const Type& as,
                   const std::vector<StoredBlock>& rows) {
  const PackedBlock::Leaf& leaf = block.leaves[number++];
  std::shared_ptr<std::uint8_t[]> nulls;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!is_null(rows[i].bytes, leaf)) continue;
    if (!nulls) {
      nulls = allocate_values<std::uint8_t>(rows.size());
      std::memset(nulls.get(), 0, rows.size());
    }
    nulls[i] = 1;
  }
  if (leaf.kind == TypeKind::kRow) {
    std::vector<Column> children;
    for (const Field& field : *as.fields)
      children.push_back(read_leaves(block, number, field.type, rows));
    return Column::of_rows(as, rows.size(), std::move(children), std::move(nulls));
  }
  return with_physical_type(leaf.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    auto out = allocate_values<T>(rows.size());
    std::vector<std::shared_ptr<const void>> keep_alive;
    if constexpr (std::is_same_v<T, std::string_view>) {
      TextArena arena;
      for (std::size_t i = 0; i < rows.size(); ++i)
        out[i] = arena.copy(rows[i].texts->get(load<TextRef>(rows[i].bytes + leaf.offset)));
      keep_alive.push_back(arena.keep_alive());
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i) out[i] = load<T>(rows[i].bytes + leaf.offset);
    }
    return Column(as, rows.size(), out, std::move(nulls), std::move(keep_alive));
  });
}

}  // namespace

Column read_column(const PackedBlock& block, std::size_t type, const Type& as,
                   const std::vector<StoredBlock>& rows) {
  std::size_t leaf = block.first_leaf[type];
  return read_leaves(block, leaf, as, rows);
}

}  // namespace penstock
