#include "runtime/columns/type.h"

#include <array>
#include <charconv>
#include <utility>

#include "runtime/base/check.h"

namespace penstock {
namespace {

constexpr std::array<std::pair<TypeKind, std::string_view>, 11> kNames = {{
    {TypeKind::kTimestampLtz, "TIMESTAMP_LTZ(3)"},
    {TypeKind::kTimestamp, "TIMESTAMP(3)"},
    {TypeKind::kDayInterval, "INTERVAL DAY TO SECOND"},
    {TypeKind::kMonthInterval, "INTERVAL YEAR TO MONTH"},
    {TypeKind::kBoolean, "BOOLEAN"},
    {TypeKind::kInt, "INT"},
    {TypeKind::kBigint, "BIGINT"},
    {TypeKind::kDouble, "DOUBLE"},
    {TypeKind::kString, "STRING"},
    {TypeKind::kDate, "DATE"},
    {TypeKind::kNull, "NULL"},
}};

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_int(std::string_view& text, int& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_type(std::string_view& text, Type& type);

bool take_row(std::string_view& text, Type& type) {
  std::vector<Field> fields;
  while (!take(text, ">")) {
    if (!fields.empty() && !take(text, ", ")) return false;
    if (!take(text, "`")) return false;
    Field field;
    while (!text.empty()) {
      const char c = text.front();
      text.remove_prefix(1);
      if (c == '`' && !take(text, "`")) break;
      field.name += c;
    }
    if (!take(text, " ") || !take_type(text, field.type)) return false;
    fields.push_back(std::move(field));
  }
  type = Type::row(std::move(fields));
  return true;
}

bool take_type(std::string_view& text, Type& type) {
  bool known = false;
  if (take(text, "ROW<")) {
    if (!take_row(text, type)) return false;
    known = true;
  } else if (take(text, "DECIMAL(")) {
    int precision = 0;
    int scale = 0;
    if (!take_int(text, precision) || !take(text, ", ") || !take_int(text, scale) ||
        !take(text, ")"))
      return false;
    if (precision < 1 || precision > 38 || scale < 0 || scale > precision) return false;
    type = Type::decimal(precision, scale);
    known = true;
  }
  for (const auto& [kind, name] : kNames) {
    if (known || !take(text, name)) continue;
    type = Type::of(kind);
    known = true;
  }
  if (known && take(text, " NOT NULL")) type = type.not_null();
  return known;
}

}  // namespace

Type Type::decimal(int precision, int scale) {
  CHECK(precision >= 1 && precision <= 38 && scale >= 0 && scale <= precision);
  return {.kind = TypeKind::kDecimal,
          .precision = static_cast<std::uint8_t>(precision),
          .scale = static_cast<std::uint8_t>(scale)};
}

Type Type::row(std::vector<Field> fields) {
  return {.kind = TypeKind::kRow,
          .fields = std::make_shared<const std::vector<Field>>(std::move(fields))};
}

Type Type::not_null() const {
  Type type = *this;
  type.nullable = false;
  return type;
}

Type Type::as_nullable() const {
  Type type = *this;
  type.nullable = true;
  return type;
}

std::string Type::to_string() const {
  std::string text;
  if (kind == TypeKind::kDecimal) {
    text = "DECIMAL(" + std::to_string(precision) + ", " + std::to_string(scale) + ")";
  } else if (kind == TypeKind::kRow) {
    text = "ROW<";
    for (const Field& field : *fields) {
      if (text.size() > 4) text += ", ";
      text += '`';
      for (const char c : field.name) text += c == '`' ? "``" : std::string(1, c);
      text += "` " + field.type.to_string();
    }
    text += ">";
  } else {
    for (const auto& [known, name] : kNames)
      if (known == kind) text = name;
  }
  if (!nullable) text += " NOT NULL";
  return text;
}

bool Type::same_kind(const Type& other) const {
  if (kind != other.kind || precision != other.precision || scale != other.scale) return false;
  if (kind != TypeKind::kRow || fields == other.fields) return true;
  if (fields->size() != other.fields->size()) return false;
  for (std::size_t i = 0; i < fields->size(); ++i)
    if ((*fields)[i].name != (*other.fields)[i].name ||
        !(*fields)[i].type.same_kind((*other.fields)[i].type))
      return false;
  return true;
}

bool operator==(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.nullable != b.nullable || a.precision != b.precision ||
      a.scale != b.scale)
    return false;
  return a.fields == b.fields || (a.fields && b.fields && *a.fields == *b.fields);
}

int Schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (fields[i].name == name) return static_cast<int>(i);
  return -1;
}

Result<Type> parse_type(std::string_view text) {
  std::string_view rest = text;
  Type type;
  if (!take_type(rest, type) || !rest.empty())
    return Error{Code::kInvalid, "not a type: " + std::string(text)};
  return type;
}

}  // namespace penstock
