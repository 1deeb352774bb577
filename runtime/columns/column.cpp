#include "runtime/columns/column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/columns/physical_type.h"

namespace penstock {
namespace {

template <typename T>
T physical(const Value& value) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return std::get<bool>(value.is) ? 1 : 0;
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return std::get<std::string>(value.is);
  } else {
    return std::get<T>(value.is);
  }
}

template <typename T>
Value from_physical(T value) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return Value{value != 0};
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return Value{std::string(value)};
  } else {
    return Value{value};
  }
}

std::shared_ptr<const std::uint8_t[]> gather_nulls(const std::uint8_t* nulls, RowNumbers rows) {
  if (nulls == nullptr) return nullptr;
  std::uint8_t any = 0;
  for (const std::uint32_t row : rows) any = static_cast<std::uint8_t>(any | nulls[row]);
  if (any == 0) return nullptr;  // so that what follows need not look
  auto out = allocate_values<std::uint8_t>(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = nulls[rows[i]];
  return out;
}

}  // namespace

std::size_t physical_size(TypeKind kind) {
  if (kind == TypeKind::kRow || kind == TypeKind::kNull) return 0;
  return with_physical_type(kind, [](auto* type) { return sizeof(*type); });
}

Column::Column(Type type, std::size_t rows, std::shared_ptr<const void> values,
               std::shared_ptr<const std::uint8_t[]> nulls,
               std::vector<std::shared_ptr<const void>> keep_alive)
    : type_(std::move(type)),
      rows_(rows),
      values_(std::move(values)),
      nulls_(std::move(nulls)),
      keep_alive_(std::move(keep_alive)) {}

Column Column::of_rows(Type type, std::size_t rows, std::vector<Column> children,
                       std::shared_ptr<const std::uint8_t[]> nulls) {
  CHECK(type.kind == TypeKind::kRow && type.fields->size() == children.size());
  Column column(std::move(type), rows, nullptr, std::move(nulls));
  column.children_ = std::make_shared<const std::vector<Column>>(std::move(children));
  return column;
}

Column Column::repeat(const Type& type, const Value& value, std::size_t rows) {
  if (type.kind == TypeKind::kRow || value.null()) {
    ColumnBuilder builder(type, rows);
    for (std::size_t i = 0; i < rows; ++i) builder.append(value);
    return builder.finish();
  }
  return with_physical_type(type.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    auto out = allocate_values<T>(rows);
    T one = physical<T>(value);
    std::vector<std::shared_ptr<const void>> keep_alive;
    if constexpr (std::is_same_v<T, std::string_view>) {
      TextArena arena;
      one = arena.copy(one);
      keep_alive.push_back(arena.keep_alive());
    }
    std::fill_n(out.get(), rows, one);
    return Column(type, rows, out, nullptr, std::move(keep_alive));
  });
}

Value Column::value_at(std::size_t row) const {
  CHECK(row < rows_);
  if (is_null(row)) return {};
  if (type_.kind == TypeKind::kRow) {
    std::vector<Value> fields;
    for (const Column& child : children()) fields.push_back(child.value_at(row));
    return Value{std::move(fields)};
  }
  return with_physical_type(type_.kind, [&](auto* tag) {
    return from_physical(values<std::remove_pointer_t<decltype(tag)>>()[row]);
  });
}

Column Column::retyped(Type type) const {
  Column column = *this;
  column.type_ = std::move(type);
  return column;
}

Column Column::with_nulls(std::shared_ptr<const std::uint8_t[]> nulls) const {
  Column column = *this;
  column.type_.nullable = true;
  column.nulls_ = std::move(nulls);
  return column;
}

Column Column::gather(RowNumbers rows) const {
  auto nulls = gather_nulls(nulls_.get(), rows);
  if (type_.kind == TypeKind::kRow) {
    std::vector<Column> gathered;
    gathered.reserve(children().size());
    for (const Column& child : children()) gathered.push_back(child.gather(rows));
    return of_rows(type_, rows.size(), std::move(gathered), std::move(nulls));
  }
  return with_physical_type(type_.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    auto out = allocate_values<T>(rows.size());
    const T* in = values<T>().data();
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = in[rows[i]];
    return Column(type_, rows.size(), out, std::move(nulls), keep_alive_);
  });
}

std::size_t Column::bytes() const {
  std::size_t total = rows_ * physical_size(type_.kind) + (nulls_ ? rows_ : 0);
  if (type_.kind == TypeKind::kString)
    for (std::size_t i = 0; i < rows_; ++i)
      if (!is_null(i)) total += values<std::string_view>()[i].size();
  for (const Column& child : children()) total += child.bytes();
  return total;
}

Column concat(std::span<const Column> columns) {
  CHECK(!columns.empty());
  if (columns.size() == 1) return columns[0];
  const Type& type = columns[0].type();
  std::size_t rows = 0;
  bool any_nulls = false;
  for (const Column& column : columns) {
    rows += column.rows();
    any_nulls |= column.may_have_nulls();
  }
  std::shared_ptr<std::uint8_t[]> nulls;
  if (any_nulls) {
    nulls = allocate_values<std::uint8_t>(rows);
    std::size_t at = 0;
    for (const Column& column : columns) {
      if (column.may_have_nulls()) {
        std::memcpy(nulls.get() + at, column.nulls(), column.rows());
      } else {
        std::memset(nulls.get() + at, 0, column.rows());
      }
      at += column.rows();
    }
  }
  if (type.kind == TypeKind::kRow) {
    std::vector<Column> children;
    for (std::size_t child = 0; child < type.fields->size(); ++child) {
      std::vector<Column> parts;
      for (const Column& column : columns) parts.push_back(column.children()[child]);
      children.push_back(concat(parts));
    }
    return Column::of_rows(type, rows, std::move(children), std::move(nulls));
  }
  return with_physical_type(type.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    auto out = allocate_values<T>(rows);
    std::vector<std::shared_ptr<const void>> keep_alive;
    std::size_t at = 0;
    for (const Column& column : columns) {
      std::ranges::copy(column.values<T>(), out.get() + at);
      at += column.rows();
      keep_alive.insert(keep_alive.end(), column.keep_alive().begin(), column.keep_alive().end());
    }
    return Column(type, rows, out, std::move(nulls), std::move(keep_alive));
  });
}

char* TextArena::reserve(std::size_t size) {
  constexpr std::size_t kChunk = 16 * 1024;
  if (size > left_ || next_ == nullptr) {
    if (!chunks_) chunks_ = std::make_shared<Chunks>();
    const std::size_t room = std::max(size, kChunk);
    chunks_->all.push_back(std::make_unique_for_overwrite<char[]>(room));
    next_ = chunks_->all.back().get();
    left_ = room;
  }
  char* start = next_;
  next_ += size;
  left_ -= size;
  return start;
}

std::string_view TextArena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* start = reserve(text.size());
  std::memcpy(start, text.data(), text.size());
  return {start, text.size()};
}

std::shared_ptr<const void> TextArena::keep_alive() {
  if (!chunks_) chunks_ = std::make_shared<Chunks>();
  return chunks_;
}

ColumnBuilder::ColumnBuilder(Type type, std::size_t expected_rows)
    : type_(std::move(type)), width_(physical_size(type_.kind)) {
  if (type_.kind == TypeKind::kRow)
    for (const Field& field : *type_.fields) children_.emplace_back(field.type, expected_rows);
  storage_.resize((expected_rows * width_ + sizeof(std::max_align_t) - 1) /
                  sizeof(std::max_align_t));
  bytes_ = std::as_writable_bytes(std::span(storage_));
}

void ColumnBuilder::grow() {
  if ((rows_ + 1) * width_ <= bytes_.size()) return;
  storage_.resize(std::max<std::size_t>(16, storage_.size() * 2));
  bytes_ = std::as_writable_bytes(std::span(storage_));
}

void ColumnBuilder::append_null() {
  null_rows_.push_back(rows_);
  if (type_.kind == TypeKind::kRow) {
    for (ColumnBuilder& child : children_) child.append_null();
  } else {
    grow();
    std::memset(bytes_.data() + rows_ * width_, 0, width_);
  }
  ++rows_;
}

void ColumnBuilder::append(const Value& value) {
  if (value.null()) return append_null();
  if (type_.kind == TypeKind::kRow) {
    const auto& fields = std::get<std::vector<Value>>(value.is);
    CHECK(fields.size() == children_.size());
    for (std::size_t i = 0; i < fields.size(); ++i) children_[i].append(fields[i]);
    return append_row();
  }
  with_physical_type(type_.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    append_physical<T>(physical<T>(value));
  });
}

void ColumnBuilder::append_from(const Column& column, std::size_t row) {
  if (column.is_null(row)) return append_null();
  if (type_.kind == TypeKind::kRow) {
    for (std::size_t i = 0; i < children_.size(); ++i)
      children_[i].append_from(column.children()[i], row);
    return append_row();
  }
  with_physical_type(type_.kind, [&](auto* tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    append_physical<T>(column.values<T>()[row]);
  });
}

Column ColumnBuilder::finish() {
  std::shared_ptr<std::uint8_t[]> nulls;
  if (!null_rows_.empty()) {
    nulls = allocate_values<std::uint8_t>(rows_);
    std::memset(nulls.get(), 0, rows_);
    for (const std::size_t row : null_rows_) nulls[row] = 1;
    null_rows_.clear();
  }
  const std::size_t rows = std::exchange(rows_, 0);
  if (type_.kind == TypeKind::kRow) {
    std::vector<Column> children;
    for (ColumnBuilder& child : children_) {
      children.push_back(child.finish());
      CHECK(children.back().rows() == rows);
    }
    return Column::of_rows(type_, rows, std::move(children), std::move(nulls));
  }
  auto values = std::make_shared<std::vector<std::max_align_t>>(std::move(storage_));
  storage_ = {};
  bytes_ = {};
  const std::shared_ptr<const void> data(values, values->data());
  std::vector<std::shared_ptr<const void>> keep_alive;
  if (type_.kind == TypeKind::kString) keep_alive.push_back(std::exchange(arena_, {}).keep_alive());
  return Column(type_, rows, data, std::move(nulls), std::move(keep_alive));
}

}  // namespace penstock
