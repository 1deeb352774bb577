#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "runtime/state/unit_encoding.h"

namespace penstock {
namespace {

Error corrupt(std::string what) {
  return {Code::kCorrupt, "state block is damaged: " + std::move(what)};
}

// Reads what is there and says no to what is not.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}
  std::size_t left() const { return left_.size(); }

  Result<std::string_view> raw(std::uint64_t size) {
    if (size > left_.size()) return corrupt("it ends early");
    const std::string_view out = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(out.size());
    return out;
  }
  template <typename T>
  Result<T> number() {
    TRY_ASSIGN(const std::string_view bytes, raw(sizeof(T)));
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    return value;
  }
  Result<std::string_view> text() {
    TRY_ASSIGN(const auto size, number<std::uint32_t>());
    return raw(size);
  }

 private:
  std::string_view left_;
};

Result<std::vector<Type>> read_types(Reader& in) {
  TRY_ASSIGN(const auto count, in.number<std::uint32_t>());
  std::vector<Type> types;
  for (std::uint32_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::string_view text, in.text());
    auto type = parse_type(text);
    if (!type) return corrupt("type " + std::string(text));
    if (type->kind == TypeKind::kNull) return corrupt("a column of type NULL");
    types.push_back(std::move(*type));
  }
  return types;
}

// NULL bytes as 0 or 1; nullptr when there are none.
Result<std::shared_ptr<const std::uint8_t[]>> read_nulls(Reader& in, std::size_t rows) {
  TRY_ASSIGN(const auto any, in.number<std::uint8_t>());
  if (any == 0) return std::shared_ptr<const std::uint8_t[]>();
  TRY_ASSIGN(const std::string_view bytes, in.raw(rows));
  auto nulls = allocate_values<std::uint8_t>(rows);
  for (std::size_t i = 0; i < rows; ++i) nulls[i] = bytes[i] != 0 ? 1 : 0;
  return std::shared_ptr<const std::uint8_t[]>(std::move(nulls));
}

Result<Column> read_texts(Reader& in, const Type& type, std::size_t rows,
                          std::shared_ptr<const std::uint8_t[]> nulls) {
  TRY_ASSIGN(const std::string_view lengths, in.raw(std::uint64_t{rows} * sizeof(std::uint32_t)));
  const auto length_of = [&](std::size_t row) {
    std::uint32_t length;
    std::memcpy(&length, lengths.data() + row * sizeof(length), sizeof(length));
    return length;
  };
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < rows; ++i) total += length_of(i);
  TRY_ASSIGN(const std::string_view bytes, in.raw(total));
  TextArena arena;
  const std::string_view kept = arena.copy(bytes);
  auto values = allocate_values<std::string_view>(rows);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    values[i] = kept.substr(at, length_of(i));
    if (values[i].size() >> 28 != 0) return corrupt("a text is too long");
    at += length_of(i);
  }
  return Column(type, rows, values, std::move(nulls), {arena.keep_alive()});
}

Result<Column> read_leaves(Reader& in, const Type& type, std::size_t rows) {
  TRY_ASSIGN(auto nulls, read_nulls(in, rows));
  if (type.kind == TypeKind::kString) return read_texts(in, type, rows, std::move(nulls));
  if (type.kind == TypeKind::kRow) {
    std::vector<Column> children;
    for (const Field& field : *type.fields) {
      TRY_ASSIGN(Column child, read_leaves(in, field.type, rows));
      children.push_back(std::move(child));
    }
    return Column::of_rows(type, rows, std::move(children), std::move(nulls));
  }
  const std::size_t width = physical_size(type.kind);
  if (width == 0) return corrupt("a field of type NULL");
  TRY_ASSIGN(const std::string_view bytes, in.raw(std::uint64_t{rows} * width));
  const std::size_t units = bytes.size() / sizeof(std::max_align_t) + 1;
  std::shared_ptr<std::max_align_t[]> values = allocate_values<std::max_align_t>(units);
  std::memcpy(values.get(), bytes.data(), bytes.size());
  if (type.kind == TypeKind::kBoolean) {
    auto* flags = reinterpret_cast<std::uint8_t*>(values.get());
    for (std::size_t i = 0; i < rows; ++i) flags[i] = flags[i] != 0 ? 1 : 0;
  }
  return Column(type, rows, std::shared_ptr<const void>(values, values.get()), std::move(nulls));
}

Status read_windows(Reader& in, TableRows& table) {
  TRY_ASSIGN(const auto windows, in.number<std::uint64_t>());
  for (std::uint64_t i = 0; i < windows; ++i) {
    TRY_ASSIGN(const auto window, in.number<Millis>());
    TRY_ASSIGN(const auto rows, in.number<std::uint64_t>());
    // A row has at least one byte, or it would need no table.
    if (rows > in.left() || table.rows + rows > in.left()) return corrupt("more rows than bytes");
    if (!table.windows.empty() && table.windows.back().first >= window)
      return corrupt("windows do not ascend");
    table.windows.emplace_back(window, rows);
    table.rows += rows;
  }
  return ok();
}

Result<TableRows> read_table(Reader& in) {
  TableRows table;
  TRY_ASSIGN(const std::string_view name, in.text());
  table.shape.name = name;
  TRY_ASSIGN(const auto bag, in.number<std::uint8_t>());
  table.shape.bag = bag != 0;
  TRY_ASSIGN(table.shape.key, read_types(in));
  TRY_ASSIGN(table.shape.value, read_types(in));
  TRY(read_windows(in, table));
  for (const Type& type : table.shape.key) {
    TRY_ASSIGN(Column column, read_leaves(in, type, table.rows));
    table.key.push_back(std::move(column));
  }
  for (const Type& type : table.shape.value) {
    TRY_ASSIGN(Column column, read_leaves(in, type, table.rows));
    table.value.push_back(std::move(column));
  }
  return table;
}

bool same_types(const std::vector<Type>& a, const std::vector<Type>& b) {
  return std::ranges::equal(a, b, [](const Type& x, const Type& y) { return x.same_kind(y); });
}

std::string types_text(const std::vector<Type>& types) {
  std::string text = "(";
  for (const Type& type : types)
    text += (text.size() > 1 ? ", " : "") + type.as_nullable().to_string();
  return text + ")";
}

Result<std::size_t> shape_for(const StateTableShape& saved,
                              const std::vector<StateTableShape>& shapes) {
  const auto found = std::ranges::find(shapes, saved.name, &StateTableShape::name);
  if (found == shapes.end())
    return Error{Code::kInvalid, "saved state does not fit: table " + saved.name + " is gone"};
  if (found->bag != saved.bag)
    return Error{Code::kInvalid,
                 "saved state does not fit: table " + saved.name + " changed its kind"};
  if (!same_types(found->key, saved.key))
    return Error{Code::kInvalid, "saved state does not fit: key of " + saved.name + " was " +
                                     types_text(saved.key) + ", is " + types_text(found->key)};
  if (!same_types(found->value, saved.value))
    return Error{Code::kInvalid, "saved state does not fit: value of " + saved.name + " was " +
                                     types_text(saved.value) + ", is " + types_text(found->value)};
  return static_cast<std::size_t>(found - shapes.begin());
}

std::vector<Column> slice(const std::vector<Column>& columns, std::uint64_t from,
                          std::uint64_t rows) {
  std::vector<std::uint32_t> numbers(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<std::uint32_t>(from + i);
  std::vector<Column> out;
  for (const Column& column : columns) out.push_back(column.gather(numbers));
  return out;
}

std::vector<const Column*> pointers(const std::vector<Column>& columns) {
  std::vector<const Column*> out;
  for (const Column& column : columns) out.push_back(&column);
  return out;
}

// Rows [from, from + rows) of `saved` into one map; false when a key comes twice.
bool fill_map(KeyedTable& table, const TableRows& saved, std::uint64_t from, std::uint64_t rows) {
  PackedRows keys(table.layout().key);
  PackedRows values(table.layout().value);
  const std::vector<Column> key_columns = slice(saved.key, from, rows);
  const std::vector<Column> value_columns = slice(saved.value, from, rows);
  keys.pack(pointers(key_columns), static_cast<std::size_t>(rows));
  values.pack(pointers(value_columns), static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < rows; ++i) {
    const KeyedTable::Upsert place = table.upsert(keys, i, keys.hash(i));
    if (!place.inserted) return false;
    put_packed(table.writable_value(place.row), table.texts(), values, i);
  }
  return true;
}

// The rows of a key from the last to the first: appending puts a row at the head of its chain, so
// that the order comes out as it was.
void fill_bag(BagTable& table, const TableRows& saved, std::uint64_t from, std::uint64_t rows) {
  PackedRows keys(table.layout().keys.key);
  PackedRows values(table.layout().rows.key);
  const std::vector<Column> key_columns = slice(saved.key, from, rows);
  const std::vector<Column> value_columns = slice(saved.value, from, rows);
  keys.pack(pointers(key_columns), static_cast<std::size_t>(rows));
  values.pack(pointers(value_columns), static_cast<std::size_t>(rows));
  for (std::size_t first = 0; first < rows;) {
    std::size_t end = first + 1;
    while (end < rows && keys.equal(first, end)) ++end;
    for (std::size_t i = end; i-- > first;) table.append(keys, i, keys.hash(i), values, i);
    first = end;
  }
}

Status fill(StateUnit& unit, std::size_t shape, const TableRows& saved) {
  std::uint64_t at = 0;
  for (const auto& [window, rows] : saved.windows) {
    if (saved.shape.bag) {
      fill_bag(unit.bag(shape, window), saved, at, rows);
    } else if (!fill_map(unit.map(shape, window), saved, at, rows)) {
      return corrupt("a key comes twice in table " + saved.shape.name);
    }
    at += rows;
  }
  return ok();
}

}  // namespace

Result<std::string> open_block(std::string_view bytes) {
  Reader in(bytes);
  TRY_ASSIGN(const std::string_view magic, in.raw(kUnitMagic.size()));
  if (magic != kUnitMagic) return corrupt("it does not begin with " + std::string(kUnitMagic));
  TRY_ASSIGN(const auto format, in.number<std::uint32_t>());
  if (format != kUnitFormat)
    return corrupt("format " + std::to_string(format) + ", this version reads " +
                   std::to_string(kUnitFormat));
  TRY_ASSIGN(const auto size, in.number<std::uint64_t>());
  TRY_ASSIGN(const auto checksum, in.number<std::uint64_t>());
  TRY_ASSIGN(const std::string_view packed, in.raw(in.left()));
  if (XXH3_64bits_withSeed(packed.data(), packed.size(), size) != checksum)
    return corrupt("its checksum is wrong");
  // zstd cannot expand a byte to more than a 128 KiB block; this bounds what a forged size
  // allocates.
  if (size / (128 * 1024) > packed.size()) return corrupt("its size is impossible");
  std::string payload(static_cast<std::size_t>(size), '\0');
  const std::size_t written =
      ZSTD_decompress(payload.data(), payload.size(), packed.data(), packed.size());
  if (ZSTD_isError(written) || written != payload.size()) return corrupt("it does not decompress");
  return payload;
}

Result<UnitRows> parse_payload(std::string_view payload) {
  Reader in(payload);
  UnitRows unit;
  TRY_ASSIGN(unit.progress, in.number<Millis>());
  TRY_ASSIGN(const auto tables, in.number<std::uint32_t>());
  for (std::uint32_t i = 0; i < tables; ++i) {
    TRY_ASSIGN(TableRows table, read_table(in));
    unit.tables.push_back(std::move(table));
  }
  if (in.left() != 0) return corrupt("bytes are left at its end");
  return unit;
}

Result<UnitRows> read_unit(std::string_view bytes) {
  TRY_ASSIGN(const std::string payload, open_block(bytes));
  return parse_payload(payload);
}

Result<std::unique_ptr<StateUnit>> decode_unit(std::string_view bytes,
                                               const std::vector<StateTableShape>& shapes,
                                               MemoryBudget& memory) {
  TRY_ASSIGN(const UnitRows saved, read_unit(bytes));
  return make_unit(saved, UnitLayout::of(shapes), memory);
}

Result<std::unique_ptr<StateUnit>> make_unit(const UnitRows& saved,
                                             std::shared_ptr<const UnitLayout> layout,
                                             MemoryBudget& memory) {
  auto unit = std::make_unique<StateUnit>(std::move(layout), memory);
  unit->set_progress(saved.progress);
  std::vector<std::string_view> seen;
  for (const TableRows& table : saved.tables) {
    if (std::ranges::find(seen, table.shape.name) != seen.end())
      return corrupt("a table comes twice");
    seen.push_back(table.shape.name);
    TRY_ASSIGN(const std::size_t shape, shape_for(table.shape, unit->layout().shapes));
    TRY(fill(*unit, shape, table));
  }
  unit->settle(CheckpointId{});
  return unit;
}

std::vector<std::string> TableRows::column_names() const {
  std::vector<std::string> names = {"window"};
  for (std::size_t i = 0; i < key.size(); ++i) names.push_back("key-" + std::to_string(i));
  for (std::size_t i = 0; i < value.size(); ++i) names.push_back("value-" + std::to_string(i));
  return names;
}

std::vector<Batch> TableRows::batches() const {
  std::vector<Batch> out;
  std::uint64_t window_end = 0;
  std::size_t window = 0;
  for (std::uint64_t from = 0; from < rows; from += kMaxBatchRows) {
    const std::uint64_t count = std::min<std::uint64_t>(kMaxBatchRows, rows - from);
    ColumnBuilder times(Type::of(TypeKind::kBigint), static_cast<std::size_t>(count));
    for (std::uint64_t row = from; row < from + count; ++row) {
      while (row >= window_end) window_end += windows[window++].second;
      times.append_physical(windows[window - 1].first);
    }
    std::vector<Column> columns = {times.finish()};
    for (Column& column : slice(key, from, count)) columns.push_back(std::move(column));
    for (Column& column : slice(value, from, count)) columns.push_back(std::move(column));
    out.push_back(Batch::of(std::move(columns)));
  }
  return out;
}

}  // namespace penstock
