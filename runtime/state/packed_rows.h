#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/columns/column.h"
#include "runtime/state/physical.h"
#include "runtime/state/segment.h"

namespace penstock {

// How values of some types lie in a packed row: fixed-width fields, then the null bits (1 is NULL,
// whose field is all zero), then a TextRef per text. Thus the keys of two rows are equal when their
// first `fixed_bytes` are and their texts are. A ROW is its null bit and its fields, flattened.
struct PackedBlock {
  struct Leaf {
    TypeKind kind = TypeKind::kNull;  // kRow: only a null bit
    std::uint32_t offset = 0;         // in the block
    std::uint32_t width = 0;
    std::uint32_t null_byte = 0;
    std::uint8_t null_mask = 0;
    std::uint32_t text = 0;  // number among the texts, for kString
  };

  std::vector<Type> types;
  std::vector<Leaf> leaves;                 // depth first
  std::vector<std::uint32_t> first_leaf;    // by type
  std::vector<std::uint32_t> text_offsets;  // of the TextRefs
  std::uint32_t fixed_bytes = 0;
  std::uint32_t bytes = 0;

  static PackedBlock of(std::vector<Type> types);
  const Leaf& leaf_of(std::size_t type) const { return leaves[first_leaf[type]]; }
};

// Rows of columns in the form of a PackedBlock, outside of any table: what tables are asked for and
// what is put into them. Texts stay where the columns have them. Memory is used again by the next
// pack(). One thread.
class PackedRows {
 public:
  explicit PackedRows(const PackedBlock& block) : block_(&block) {}

  // The first `rows` rows of dense columns, whose types have the block's kinds. Columns must
  // outlive the use.
  void pack(const std::vector<const Column*>& columns, std::size_t rows);

  const PackedBlock& block() const { return *block_; }
  std::size_t rows() const { return rows_; }
  const std::byte* fixed(std::size_t row) const {
    return bytes_.data() + row * block_->fixed_bytes;
  }
  std::string_view text(std::size_t row, std::size_t number) const {
    return texts_[row * block_->text_offsets.size() + number];
  }
  std::uint64_t hash(std::size_t row) const;
  void hash_all(std::vector<std::uint64_t>& hashes) const;
  bool equal(std::size_t a, std::size_t b) const {
    if (!is_one_number()) return equal_any(a, b);
    return load<std::uint64_t>(fixed(a)) == load<std::uint64_t>(fixed(b)) &&
           fixed(a)[kOneNumber - 1] == fixed(b)[kOneNumber - 1];
  }

 private:
  // The most common key, a BIGINT or a time: eight bytes and its null bit.
  static constexpr std::size_t kOneNumber = 9;
  bool is_one_number() const {
    return block_->fixed_bytes == kOneNumber && block_->text_offsets.empty();
  }
  bool equal_any(std::size_t a, std::size_t b) const;
  void pack_leaves(const Column& column, std::size_t& leaf,
                   const std::vector<std::uint8_t>* parent_nulls);

  const PackedBlock* block_;
  std::size_t rows_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<std::string_view> texts_;
};

// Equality and hash of the fixed parts; not stored anywhere, so both may change.
bool equal_fixed(const std::byte* a, const std::byte* b, std::size_t bytes);
std::uint64_t hash_fixed(const std::byte* from, std::size_t bytes);
std::uint64_t hash_text(std::uint64_t seed, std::string_view text);

// The block that begins at `stored` against row `row` of `rows`; and its hash.
bool equal_stored(const std::byte* stored, const TextStore& texts, const PackedRows& rows,
                  std::size_t row);
std::uint64_t hash_stored(const std::byte* stored, const TextStore& texts,
                          const PackedBlock& block);
// Writes row `row` at `to`; its texts go into `texts`.
void put_packed(std::byte* to, TextStore& texts, const PackedRows& rows, std::size_t row);
void drop_texts(const std::byte* stored, TextStore& texts, const PackedBlock& block);

inline bool is_null(const std::byte* block, const PackedBlock::Leaf& leaf) {
  return (std::to_integer<std::uint8_t>(block[leaf.null_byte]) & leaf.null_mask) != 0;
}
inline void set_null(std::byte* block, const PackedBlock::Leaf& leaf, bool null) {
  const std::byte mask{leaf.null_mask};
  block[leaf.null_byte] = null ? block[leaf.null_byte] | mask : block[leaf.null_byte] & ~mask;
}

// Where a block lies, with the texts that it refers to.
struct StoredBlock {
  const std::byte* bytes = nullptr;
  const TextStore* texts = nullptr;
};
bool equal_blocks(StoredBlock a, StoredBlock b, const PackedBlock& block);
// Field `type` of every block, as a column of `as` (the same kind). Texts are copied.
Column read_column(const PackedBlock& block, std::size_t type, const Type& as,
                   const std::vector<StoredBlock>& rows);

}  // namespace penstock
