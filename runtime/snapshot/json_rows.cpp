#include "runtime/snapshot/json_rows.h"

#include <cmath>

#include "runtime/base/log.h"
#include "runtime/columns/text.h"

namespace penstock {
namespace {

bool is_bare(const Value& value, const Type& type) {
  switch (type.kind) {
    case TypeKind::kBoolean:
    case TypeKind::kInt:
    case TypeKind::kBigint:
    case TypeKind::kDecimal:
      return true;
    case TypeKind::kDouble:
      return std::isfinite(std::get<double>(value.is));
    default:
      return false;
  }
}

// The window that a row belongs to; `windows` say how many rows each has, in order.
class WindowCursor {
 public:
  explicit WindowCursor(const TableRows& table) : table_(table) {}
  Millis next() {
    while (left_ == 0) left_ = table_.windows[at_++].second;
    --left_;
    return table_.windows[at_ - 1].first;
  }

 private:
  const TableRows& table_;
  std::size_t at_ = 0;
  std::uint64_t left_ = 0;
};

void append_fields(std::string& out, const std::vector<Column>& columns, std::size_t row) {
  out += '[';
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += ',';
    append_json(out, columns[i].value_at(row), columns[i].type());
  }
  out += ']';
}

}  // namespace

void append_json(std::string& out, const Value& value, const Type& type) {
  if (value.null()) {
    out += "null";
    return;
  }
  if (type.kind == TypeKind::kRow) {
    const auto& fields = std::get<std::vector<Value>>(value.is);
    out += '[';
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) out += ',';
      append_json(out, fields[i], (*type.fields)[i].type);
    }
    out += ']';
    return;
  }
  std::string text;
  if (type.kind == TypeKind::kBoolean)
    text = std::get<bool>(value.is) ? "true" : "false";
  else
    append_value(text, value, type);
  out += is_bare(value, type) ? text : log::quote_json(text);
}

std::string json_lines(std::string_view operator_name, KeyGroup group, const TableRows& table) {
  std::string out;
  WindowCursor windows(table);
  const std::string head = R"({"operator":)" + log::quote_json(operator_name) + R"(,"state":)" +
                           log::quote_json(table.shape.name) + R"(,"group":)" +
                           std::to_string(group.value);
  for (std::size_t row = 0; row < table.rows; ++row) {
    out += head;
    if (const Millis window = windows.next(); window != 0)
      out += R"(,"window":)" + std::to_string(window);
    out += R"(,"key":)";
    append_fields(out, table.key, row);
    out += R"(,"value":)";
    append_fields(out, table.value, row);
    out += "}\n";
  }
  return out;
}

}  // namespace penstock
