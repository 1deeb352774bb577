#include <charconv>
#include <cmath>

#include "runtime/expr/functions.h"
#include "runtime/sql/bind_expression.h"
#include "runtime/sql/literal.h"

namespace penstock::sql {
namespace {

constexpr Millis kSecond = 1000;
constexpr Millis kMinute = 60 * kSecond;
constexpr Millis kHour = 60 * kMinute;
constexpr Millis kDay = 24 * kHour;
// Far above any sensible window, far below overflow.
constexpr std::int64_t kLargestCount = 1'000'000'000;

// Reads digits up to `end`; false when there are none or too many.
bool read_count(std::string_view& text, std::int64_t& count) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0 || count > kLargestCount) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

// ".123" as milliseconds; more digits are cut.
bool read_fraction(std::string_view& text, Millis& millis) {
  if (!text.starts_with('.')) return true;
  text.remove_prefix(1);
  Millis scale = 100;
  bool any = false;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    millis += (text[0] - '0') * scale;
    scale /= 10;
    any = true;
    text.remove_prefix(1);
  }
  return any;
}

int rank(const std::string& unit) {
  constexpr std::string_view kRanked[] = {"SECOND", "MINUTE", "HOUR", "DAY"};
  for (int i = 0; i < 4; ++i)
    if (unit == kRanked[i]) return i;
  return -1;
}

Millis millis_of(int rank) {
  constexpr Millis kUnits[] = {kSecond, kMinute, kHour, kDay};
  return kUnits[rank];
}

// "1 02:03:04.5" from rank `from` down to `to`.
std::optional<Millis> read_span(std::string_view text, int from, int to) {
  Millis millis = 0;
  for (int unit = from; unit >= to; --unit) {
    std::int64_t count = 0;
    if (!read_count(text, count)) return std::nullopt;
    millis += count * millis_of(unit);
    if (unit == 0 && !read_fraction(text, millis)) return std::nullopt;
    if (unit == to) break;
    if (!text.starts_with(unit == 3 ? ' ' : ':')) return std::nullopt;
    text.remove_prefix(1);
  }
  return text.empty() ? std::optional(millis) : std::nullopt;
}

std::optional<std::int32_t> read_months(std::string_view text,
                                        const std::vector<std::string>& units) {
  std::int64_t count = 0;
  if (!read_count(text, count)) return std::nullopt;
  std::int64_t months = count;
  if (units[0] == "YEAR") months *= 12;
  if (units[0] == "QUARTER") months *= 3;
  if (units.size() == 2) {
    if (units[0] != "YEAR" || units[1] != "MONTH" || !text.starts_with('-')) return std::nullopt;
    text.remove_prefix(1);
    if (!read_count(text, count) || count > 11) return std::nullopt;
    months += count;
  }
  if (!text.empty() || months > INT32_MAX) return std::nullopt;
  return static_cast<std::int32_t>(months);
}

}  // namespace

Parsed<Expr> interval_literal(const ExprNode& node) {
  if (has_variable(node.text)) return not_implemented(node.place, "a variable within an INTERVAL");
  std::string_view text = node.text;
  bool negative = node.negative;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = negative != text.starts_with('-');
    text.remove_prefix(1);
  }
  const Fault bad{node.place,
                  "INTERVAL '" + node.text + "' " + joined(node.name, " TO ") + " cannot be read",
                  "as in INTERVAL '10' SECOND, INTERVAL '1 02:03:04' DAY TO SECOND or INTERVAL "
                  "'1-6' YEAR TO MONTH"};
  const std::string& first = node.name[0];
  if (first == "YEAR" || first == "QUARTER" || first == "MONTH") {
    const std::optional<std::int32_t> months = read_months(text, node.name);
    if (!months) return bad;
    return Expr::of_literal({.is = negative ? -*months : *months},
                            Type::of(TypeKind::kMonthInterval).not_null());
  }
  std::optional<Millis> millis;
  if (first == "WEEK") {
    if (node.name.size() == 1) millis = read_span(text, 3, 3);
    if (millis) millis = *millis * 7;
  } else {
    const int from = rank(first);
    const int to = node.name.size() == 2 ? rank(node.name[1]) : from;
    if (to >= 0 && to <= from) millis = read_span(text, from, to);
  }
  if (!millis) return bad;
  return Expr::of_literal({.is = negative ? -*millis : *millis},
                          Type::of(TypeKind::kDayInterval).not_null());
}

Parsed<Millis> constant_millis(const ExprNode& node, const char* what) {
  if (node.kind != ExprNode::Kind::kInterval)
    return Fault{node.place, std::string(what) + " must be a literal",
                 "as in INTERVAL '10' SECOND"};
  TRY_ASSIGN(const Expr literal, interval_literal(node));
  if (literal.type.kind != TypeKind::kDayInterval)
    return Fault{node.place, std::string(what) + " in months has no fixed length",
                 "days, hours, minutes or seconds"};
  return std::get<Millis>(literal.literal.is);
}

}  // namespace penstock::sql
