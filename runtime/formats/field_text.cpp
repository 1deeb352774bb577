#include "runtime/formats/field_text.h"

#include <cmath>

#include "runtime/columns/decimal.h"
#include "runtime/columns/text.h"
#include "runtime/formats/utf8_check.h"

namespace penstock {
namespace {

template <typename T, typename Parsed>
bool set_if(DecodedColumn& column, std::size_t row, const Parsed& value) {
  if (!value) return false;
  column.set(row, static_cast<T>(*value));
  return true;
}

// A number that is whole though it is written with a point or an exponent: 12.0, 1e3.
std::optional<std::int64_t> parse_whole(std::string_view text) {
  if (const auto value = parse_bigint(text)) return value;
  const auto floating = parse_double(text);
  if (!floating || std::trunc(*floating) != *floating || std::fabs(*floating) > 0x1p53)
    return std::nullopt;
  return static_cast<std::int64_t>(*floating);
}

std::optional<std::int64_t> parse_time(std::string_view text, TimestampStandard standard,
                                       bool zone) {
  const char separator = standard == TimestampStandard::kSql ? ' ' : 'T';
  if (text.size() < 11 || text[10] != separator) return std::nullopt;
  return parse_timestamp(text, zone);
}

}  // namespace

bool set_from_text(DecodedColumn& column, std::size_t row, std::string_view text,
                   TimestampStandard standard) {
  const Type& type = column.type();
  switch (type.kind) {
    case TypeKind::kString:
      if (!is_utf8(text)) return false;
      column.set_text(row, text);
      return true;
    case TypeKind::kBoolean: {
      const bool known = text == "true" || text == "false" || text == "TRUE" || text == "FALSE";
      if (known) column.set<std::uint8_t>(row, text == "true" || text == "TRUE" ? 1 : 0);
      return known;
    }
    case TypeKind::kInt: {
      const auto value = parse_whole(text);
      return value && std::in_range<std::int32_t>(*value) &&
             set_if<std::int32_t>(column, row, value);
    }
    case TypeKind::kBigint:
      return set_if<std::int64_t>(column, row, parse_whole(text));
    case TypeKind::kDouble:
      return set_if<double>(column, row, parse_double(text));
    case TypeKind::kDecimal:
      return set_if<Int128>(column, row, parse_decimal(text, type.precision, type.scale));
    case TypeKind::kDate:
      return set_if<std::int32_t>(column, row, parse_date(text));
    case TypeKind::kTimestamp:
      return set_if<std::int64_t>(column, row, parse_time(text, standard, false));
    case TypeKind::kTimestampLtz:
      return set_if<std::int64_t>(column, row, parse_time(text, standard, true));
    default:
      return false;
  }
}

Error bad_field(std::string_view name, const Type& type, std::string_view text,
                std::string_view hint) {
  constexpr std::size_t kShown = 100;
  std::string shown(text.substr(0, kShown));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7F) c = '?';
  if (text.size() > kShown) shown += "...";
  std::string message = "field " + std::string(name) + ": not a " + type.as_nullable().to_string() +
                        ": '" + shown + "'";
  if (!hint.empty()) message += " (" + std::string(hint) + ")";
  return {Code::kInvalid, std::move(message)};
}

void append_scalar(std::string& out, const Column& column, std::size_t row,
                   TimestampStandard standard) {
  const Type& type = column.type();
  const char separator = standard == TimestampStandard::kSql ? ' ' : 'T';
  switch (type.kind) {
    case TypeKind::kBoolean:
      out += column.values<std::uint8_t>()[row] != 0 ? "true" : "false";
      return;
    case TypeKind::kInt:
      return append_int(out, column.values<std::int32_t>()[row]);
    case TypeKind::kBigint:
      return append_int(out, column.values<std::int64_t>()[row]);
    case TypeKind::kDouble:
      return append_double(out, column.values<double>()[row]);
    case TypeKind::kDecimal:
      return append_decimal(out, column.values<Int128>()[row], type.scale);
    case TypeKind::kDate:
      return append_date(out, column.values<std::int32_t>()[row]);
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      append_timestamp(out, column.values<std::int64_t>()[row], Fraction::kIfNotZero, separator);
      if (type.kind == TypeKind::kTimestampLtz) out += 'Z';
      return;
    default:
      CHECK(!"a type that formats refuse");
  }
}

bool is_scalar_field(const Type& type) {
  return type.kind != TypeKind::kRow && type.kind != TypeKind::kNull &&
         type.kind != TypeKind::kDayInterval && type.kind != TypeKind::kMonthInterval;
}

}  // namespace penstock
