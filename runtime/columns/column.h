#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/check.h"
#include "runtime/columns/type.h"

namespace penstock {

__extension__ using Int128 = __int128;

// One value outside of a column: a literal, a default, a cell in a test. monostate is NULL. Which
// alternative belongs to which type: see TypeKind (kBoolean is bool here; kRow is the vector).
struct Value {
  std::variant<std::monostate, bool, std::int32_t, std::int64_t, double, Int128, std::string,
               std::vector<Value>>
      is{};
  bool null() const { return is.index() == 0; }
  friend bool operator==(const Value&, const Value&) = default;
};

using RowNumbers = std::span<const std::uint32_t>;

// Values of one type: an immutable handle, cheap to copy, sharing its memory. A null mask is absent
// or has one byte per row, 1 for NULL; the value under a NULL is readable but means nothing. String
// views point into memory that `keep_alive` holds. Any thread may read.
class Column {
 public:
  Column() = default;

  // `values` holds `rows` elements of the physical type of `type`; `nulls` is null or holds `rows`
  // bytes. Not for kRow.
  Column(Type type, std::size_t rows, std::shared_ptr<const void> values,
         std::shared_ptr<const std::uint8_t[]> nulls,
         std::vector<std::shared_ptr<const void>> keep_alive = {});
  // A kRow column: one child per field, each with `rows` rows.
  static Column of_rows(Type type, std::size_t rows, std::vector<Column> children,
                        std::shared_ptr<const std::uint8_t[]> nulls);
  // `rows` times the same value.
  static Column repeat(const Type& type, const Value& value, std::size_t rows);

  const Type& type() const { return type_; }
  std::size_t rows() const { return rows_; }

  // The physical values; T must be the physical type of type().kind (see TypeKind).
  template <typename T>
  std::span<const T> values() const {
    return {static_cast<const T*>(values_.get()), rows_};
  }
  bool may_have_nulls() const { return nulls_ != nullptr; }
  // One byte per row, or nullptr when no row is NULL.
  const std::uint8_t* nulls() const { return nulls_.get(); }
  bool is_null(std::size_t row) const { return nulls_ != nullptr && nulls_[row] != 0; }
  std::span<const Column> children() const;
  const std::vector<std::shared_ptr<const void>>& keep_alive() const { return keep_alive_; }
  const std::shared_ptr<const std::uint8_t[]>& shared_nulls() const { return nulls_; }

  Value value_at(std::size_t row) const;
  // The same values under another type with the same physical form (nullability, names).
  Column retyped(Type type) const;
  // The same values with another null mask; the type is nullable then.
  Column with_nulls(std::shared_ptr<const std::uint8_t[]> nulls) const;
  // The rows named, in that order; rows may repeat. Strings are not copied.
  Column gather(RowNumbers rows) const;
  // Bytes of the values, of the null masks and of the text that the views of this column show.
  std::size_t bytes() const;

 private:
  Type type_;
  std::size_t rows_ = 0;
  std::shared_ptr<const void> values_;
  std::shared_ptr<const std::uint8_t[]> nulls_;
  std::shared_ptr<const std::vector<Column>> children_;  // kRow only
  std::vector<std::shared_ptr<const void>> keep_alive_;
};

inline std::span<const Column> Column::children() const {
  return children_ ? std::span<const Column>(*children_) : std::span<const Column>();
}

// Columns below each other; all of the same type; at least one.
Column concat(std::span<const Column> columns);

// Size in bytes of one physical value; 0 for kRow and kNull.
std::size_t physical_size(TypeKind kind);

// Uninitialised memory for `count` elements. `T` is trivially destructible.
template <typename T>
std::shared_ptr<T[]> allocate_values(std::size_t count) {
  return std::make_shared_for_overwrite<T[]>(count);
}

// Text storage that lives as long as any column that shows it: chunks of at least 16 KiB, never
// moved.
class TextArena {
 public:
  // A copy of `text` that lives as long as `keep_alive()`.
  std::string_view copy(std::string_view text);
  // Room for `size` bytes that the caller fills before anybody reads it.
  char* reserve(std::size_t size);
  // Whoever holds this keeps everything copied so far, and from now on, alive.
  std::shared_ptr<const void> keep_alive();

 private:
  struct Chunks {
    std::vector<std::unique_ptr<char[]>> all;
  };
  std::shared_ptr<Chunks> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

// Builds a column value by value. For hot loops write into allocate_values memory instead. One
// owner.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Type type, std::size_t expected_rows = 0);

  std::size_t rows() const { return rows_; }
  void append_null();
  void append(const Value& value);  // CHECKs that the alternative fits the type
  // T is the physical type; text is copied.
  template <typename T>
  void append_physical(T value) {
    if constexpr (std::is_same_v<T, std::string_view>) value = arena_.copy(value);
    CHECK(sizeof(T) == width_);
    grow();
    reinterpret_cast<T*>(bytes_.data())[rows_] = value;
    ++rows_;
  }
  // The row `row` of `column`, which has the same kind. Text is copied.
  void append_from(const Column& column, std::size_t row);
  // kRow: the builder of each field, to append to before or after append_row(); all must be even at
  // the end.
  ColumnBuilder& child(std::size_t index) { return children_[index]; }
  void append_row() { ++rows_; }
  // The column; the builder is empty afterwards and may be used again.
  Column finish();

 private:
  void grow();

  Type type_;
  std::size_t width_ = 0;
  std::size_t rows_ = 0;
  std::vector<std::max_align_t> storage_;
  std::span<std::byte> bytes_;
  std::vector<std::size_t> null_rows_;
  std::vector<ColumnBuilder> children_;
  TextArena arena_;
};

}  // namespace penstock
