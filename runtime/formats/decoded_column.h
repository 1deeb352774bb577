#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/columns/column.h"
#include "runtime/formats/format.h"

namespace penstock {

// A column that a decoder fills row by row. Writing a row again replaces it, so that a record which
// turns out to be bad half-way leaves nothing behind. One thread.
class DecodedColumn {
 public:
  explicit DecodedColumn(Type type);

  const Type& type() const { return type_; }
  // Makes room for row number `row`; rows come in order.
  void reserve(std::size_t row) {
    if (row >= capacity_) grow(row + 1);
    for (DecodedColumn& child : children_) child.reserve(row);
  }
  template <typename T>
  void set(std::size_t row, T value) {
    reinterpret_cast<T*>(values_.get())[row] = value;
    nulls_[row] = 0;
  }
  void set_text(std::size_t row, std::string_view text) { set(row, arena_.copy(text)); }
  // A ROW that is there; its children are set on their own.
  void set_present(std::size_t row) { nulls_[row] = 0; }
  void set_null(std::size_t row);
  DecodedColumn& child(std::size_t index) { return children_[index]; }

  // The first `rows` rows; the column is empty afterwards.
  Column finish(std::size_t rows);

 private:
  void grow(std::size_t rows);

  Type type_;
  std::size_t width_ = 0;
  std::size_t capacity_ = 0;
  std::shared_ptr<std::max_align_t[]> values_;
  std::shared_ptr<std::uint8_t[]> nulls_;
  bool any_null_ = false;
  std::vector<DecodedColumn> children_;
  TextArena arena_;
};

// A decoder that fills columns: it counts rows, and leaves out those that cannot be read where the
// table's options say so.
class ColumnDecoder : public RowDecoder {
 public:
  std::size_t rows() const final { return rows_; }
  Batch finish() final;

 protected:
  ColumnDecoder(std::span<const Field> fields, bool ignore_parse_errors);

  // Reads one record by `read`, which writes row rows_ of every column.
  template <typename Read>
  Status add_row(Read read) {
    for (DecodedColumn& column : columns_) column.reserve(rows_);
    nulled_ = 0;
    const Status status = read();
    if (status) {
      ++rows_;
      nulled_fields_ += nulled_;
    } else if (ignore_parse_errors_) {
      ++skipped_rows_;
      return ok();
    }
    return status;
  }

  std::vector<DecodedColumn> columns_;
  std::size_t rows_ = 0;      // the number of the row that is being read
  std::uint64_t nulled_ = 0;  // its fields that became NULL

 private:
  const bool ignore_parse_errors_;
};

}  // namespace penstock
