#include "runtime/formats/decoded_column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/columns/batch.h"

namespace penstock {

DecodedColumn::DecodedColumn(Type type)
    : type_(std::move(type)), width_(physical_size(type_.kind)) {
  if (type_.kind == TypeKind::kRow)
    for (const Field& field : *type_.fields) children_.emplace_back(field.type);
}

void DecodedColumn::grow(std::size_t rows) {
  const std::size_t wanted = std::max({rows, capacity_ * 2, std::size_t{64}});
  const std::size_t units =
      (wanted * width_ + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
  auto values = allocate_values<std::max_align_t>(units);
  auto nulls = allocate_values<std::uint8_t>(wanted);
  if (capacity_ > 0) {
    std::memcpy(values.get(), values_.get(), capacity_ * width_);
    std::memcpy(nulls.get(), nulls_.get(), capacity_);
  }
  values_ = std::move(values);
  nulls_ = std::move(nulls);
  capacity_ = wanted;
}

void DecodedColumn::set_null(std::size_t row) {
  nulls_[row] = 1;
  any_null_ = true;
  if (width_ > 0)
    std::memset(reinterpret_cast<std::byte*>(values_.get()) + row * width_, 0, width_);
  for (DecodedColumn& child : children_) child.set_null(row);
}

Column DecodedColumn::finish(std::size_t rows) {
  if (rows == 0) return Column::repeat(type_, {}, 0);
  std::shared_ptr<const std::uint8_t[]> nulls;
  if (any_null_ && std::find(nulls_.get(), nulls_.get() + rows, 1) != nulls_.get() + rows)
    nulls = std::move(nulls_);
  nulls_.reset();
  any_null_ = false;
  const std::size_t filled = std::exchange(capacity_, 0);
  if (type_.kind == TypeKind::kRow) {
    values_.reset();
    std::vector<Column> children;
    for (DecodedColumn& child : children_) children.push_back(child.finish(rows));
    return Column::of_rows(type_, rows, std::move(children), std::move(nulls));
  }
  std::shared_ptr<const void> values(values_, values_.get());
  values_.reset();
  // The next batch will be about as large.
  grow(std::min(filled, kMaxBatchRows));
  std::vector<std::shared_ptr<const void>> keep_alive;
  if (type_.kind == TypeKind::kString) keep_alive.push_back(std::exchange(arena_, {}).keep_alive());
  return Column(type_, rows, std::move(values), std::move(nulls), std::move(keep_alive));
}

ColumnDecoder::ColumnDecoder(std::span<const Field> fields, bool ignore_parse_errors)
    : ignore_parse_errors_(ignore_parse_errors) {
  for (const Field& field : fields) columns_.emplace_back(field.type);
}

Batch ColumnDecoder::finish() {
  Batch batch{.physical_rows = std::exchange(rows_, 0)};
  for (DecodedColumn& column : columns_)
    batch.columns.push_back(column.finish(batch.physical_rows));
  return batch;
}

}  // namespace penstock
