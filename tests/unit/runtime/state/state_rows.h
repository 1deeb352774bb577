#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/state/state_unit.h"
#include "runtime/state/unit_rows.h"

namespace penstock {

// Values as text, so that a std::map can be the model of a table.
inline std::string text_of(const Value& value);
inline std::string text_of(const std::vector<Value>& values) {
  std::string text;
  for (const Value& value : values) text += text_of(value) + "|";
  return text;
}
inline std::string text_of(const Value& value) {
  struct Print {
    std::string operator()(std::monostate) const { return "NULL"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int32_t v) const { return std::to_string(v); }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return std::to_string(v); }
    std::string operator()(Int128 v) const { return std::to_string(static_cast<std::int64_t>(v)); }
    std::string operator()(const std::string& v) const { return "'" + v + "'"; }
    std::string operator()(const std::vector<Value>& v) const { return "(" + text_of(v) + ")"; }
  };
  return std::visit(Print{}, value.is);
}

// Dense columns of one row each value list.
inline std::vector<Column> columns_of(const std::vector<Type>& types,
                                      const std::vector<std::vector<Value>>& rows) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < types.size(); ++i) {
    ColumnBuilder builder(types[i]);
    for (const auto& row : rows) builder.append(row[i]);
    columns.push_back(builder.finish());
  }
  return columns;
}
inline void pack(PackedRows& packed, const std::vector<Column>& columns) {
  std::vector<const Column*> pointers;
  for (const Column& column : columns) pointers.push_back(&column);
  packed.pack(pointers, columns.empty() ? 1 : columns[0].rows());
}

// (table, window, key, value) -> how often, of everything in a unit, as its encoded form shows it.
using Contents = std::map<std::string, int>;
inline Contents contents_of(const UnitRows& rows) {
  Contents contents;
  for (const TableRows& table : rows.tables)
    for (const Batch& batch : table.batches())
      for (std::size_t row = 0; row < batch.rows(); ++row) {
        std::string text = table.shape.name + ":";
        for (const Column& column : batch.columns) text += text_of(column.value_at(row)) + "|";
        ++contents[text];
      }
  return contents;
}
inline Contents contents_of(const StateUnit& unit) {
  auto rows = read_unit(encode_unit(unit));
  CHECK(rows.has_value());
  return contents_of(*rows);
}

}  // namespace penstock
