#include "runtime/columns/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "runtime/columns/calendar.h"
#include "runtime/columns/decimal.h"

namespace penstock {
namespace {

template <typename T>
std::optional<T> parse_whole(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  T value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Takes 1 to `most` digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t most) {
  int value = 0;
  std::size_t count = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
    value = value * 10 + (text[count++] - '0');
  if (count == 0) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
  const bool negative = take(text, '-');
  const auto year = take_digits(text, 6);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || *month < 1 || *month > 12) return std::nullopt;
  const std::int64_t signed_year = negative ? -*year : *year;
  if (*day < 1 || *day > days_in_month(signed_year, *month)) return std::nullopt;
  return days_from_civil({.year = signed_year, .month = *month, .day = *day});
}

std::optional<std::int64_t> take_time(std::string_view& text) {
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 23 || !take(text, ':')) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t millis = *hour * kMillisPerHour + *minute * kMillisPerMinute;
  if (!take(text, ':')) return millis;
  const auto second = take_digits(text, 2);
  if (!second || *second > 59) return std::nullopt;
  millis += *second * kMillisPerSecond;
  if (!take(text, '.')) return millis;
  int digits = 0;
  for (int weight = 100; !text.empty() && text.front() >= '0' && text.front() <= '9';
       weight /= 10) {
    millis += (text.front() - '0') * weight;
    text.remove_prefix(1);
    if (++digits > 9) return std::nullopt;
  }
  if (digits == 0) return std::nullopt;
  return millis;
}

// "Z", "+01:00", "-0530", "+01": milliseconds to subtract.
std::optional<std::int64_t> take_zone(std::string_view& text) {
  if (take(text, 'Z') || text.empty()) return 0;
  const bool negative = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || *hour > 18) return std::nullopt;
  take(text, ':');
  const auto minute = text.empty() ? std::optional(0) : take_digits(text, 2);
  if (!minute || *minute > 59) return std::nullopt;
  const std::int64_t offset = *hour * kMillisPerHour + *minute * kMillisPerMinute;
  return negative ? -offset : offset;
}

// The usual form by position, far the most frequent: "2013-01-31 05:00:00".
std::optional<std::int64_t> parse_usual_timestamp(std::string_view t) {
  if (t.size() != 19 || t[4] != '-' || t[7] != '-' || (t[10] != ' ' && t[10] != 'T') ||
      t[13] != ':' || t[16] != ':')
    return std::nullopt;
  bool bad = false;
  const auto two = [&](std::size_t at) {
    const int tens = t[at] - '0';
    const int ones = t[at + 1] - '0';
    bad |= static_cast<unsigned>(tens) > 9 || static_cast<unsigned>(ones) > 9;
    return tens * 10 + ones;
  };
  const CivilDate date{.year = two(0) * 100 + two(2), .month = two(5), .day = two(8)};
  const int hour = two(11);
  const int minute = two(14);
  const int second = two(17);
  if (bad || date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > days_in_month(date.year, date.month) || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  return days_from_civil(date) * kMillisPerDay + hour * kMillisPerHour + minute * kMillisPerMinute +
         second * kMillisPerSecond;
}

void append_padded(std::string& out, std::int64_t value, int width) {
  std::array<char, 20> digits{};
  char* at = digits.data() + digits.size();
  for (; value != 0 || width > 0; --width) {
    *--at = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(at, static_cast<std::size_t>(digits.data() + digits.size() - at));
}

void append_month_interval(std::string& out, std::int64_t months) {
  out += months < 0 ? '-' : '+';
  months = months < 0 ? -months : months;
  append_int(out, months / 12);
  out += '-';
  append_padded(out, months % 12, 2);
}

void append_day_interval(std::string& out, std::int64_t millis) {
  out += millis < 0 ? '-' : '+';
  const std::uint64_t size =
      millis < 0 ? 0 - static_cast<std::uint64_t>(millis) : static_cast<std::uint64_t>(millis);
  append_int(out, static_cast<std::int64_t>(size / kMillisPerDay));
  const auto rest = static_cast<std::int64_t>(size % kMillisPerDay);
  std::string time;
  append_timestamp(time, rest, Fraction::kAlways);
  out += time.substr(10);
}

}  // namespace

std::optional<std::int32_t> parse_int(std::string_view text) {
  return parse_whole<std::int32_t>(text);
}
std::optional<std::int64_t> parse_bigint(std::string_view text) {
  return parse_whole<std::int64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  if (text == "NaN") return NAN;
  if (text == "Infinity" || text == "+Infinity") return INFINITY;
  if (text == "-Infinity") return -INFINITY;
  const bool number = !text.empty() && text.find_first_not_of("0123456789+-.eE") == text.npos;
  return number ? parse_whole<double>(text) : std::nullopt;
}

std::optional<bool> parse_boolean(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, bool>, 10> kNames = {{{"true", true},
                                                                         {"t", true},
                                                                         {"yes", true},
                                                                         {"y", true},
                                                                         {"1", true},
                                                                         {"false", false},
                                                                         {"f", false},
                                                                         {"no", false},
                                                                         {"n", false},
                                                                         {"0", false}}};
  const auto same = [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
  };
  for (const auto& [name, value] : kNames)
    if (std::ranges::equal(name, text, same)) return value;
  return std::nullopt;
}

std::optional<std::int32_t> parse_date(std::string_view text) {
  const auto days = take_date(text);
  if (!days || !text.empty()) return std::nullopt;
  return static_cast<std::int32_t>(*days);
}

std::optional<std::int64_t> parse_timestamp(std::string_view text, bool zone) {
  if (const auto usual = parse_usual_timestamp(text)) return usual;
  const auto days = take_date(text);
  if (!days) return std::nullopt;
  std::int64_t millis = *days * kMillisPerDay;
  if (text.empty()) return millis;
  if (!take(text, ' ') && !take(text, 'T')) return std::nullopt;
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  millis += *time;
  if (zone) {
    const auto offset = take_zone(text);
    if (!offset) return std::nullopt;
    millis -= *offset;
  }
  if (!text.empty()) return std::nullopt;
  return millis;
}

void append_int(std::string& out, std::int64_t value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

void append_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  const double size = std::fabs(value);
  std::array<char, 32> text;
  if (size == 0 || (size >= 1e-3 && size < 1e7)) {
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed).ptr;
    const std::string_view digits(text.data(), static_cast<std::size_t>(end - text.data()));
    out += digits;
    if (digits.find('.') == digits.npos) out += ".0";
    return;
  }
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific)
          .ptr;
  const std::string_view all(text.data(), static_cast<std::size_t>(end - text.data()));
  const std::size_t e = all.find('e');
  out += all.substr(0, e);
  if (all.find('.') == all.npos) out += ".0";
  out += 'E';
  std::string_view exponent = all.substr(e + 1);
  if (exponent.front() == '-') out += '-';
  exponent.remove_prefix(1);
  out += exponent.substr(std::min(exponent.find_first_not_of('0'), exponent.size() - 1));
}

void append_date(std::string& out, std::int32_t days) {
  const CivilDate date = civil_from_days(days);
  if (date.year < 0) out += '-';
  append_padded(out, date.year < 0 ? -date.year : date.year, 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
}

void append_timestamp(std::string& out, std::int64_t millis, Fraction fraction, char separator) {
  const std::int64_t days = floor_divide(millis, kMillisPerDay);
  std::int64_t rest = millis - days * kMillisPerDay;
  const CivilDate date = civil_from_days(days);
  if (date.year < 0) out += '-';
  append_padded(out, date.year < 0 ? -date.year : date.year, 4);
  std::array<char, 19> text;  // "-MM-dd HH:mm:ss.fff"
  const auto two = [&](std::size_t at, char before, std::int64_t value) {
    text[at] = before;
    text[at + 1] = static_cast<char>('0' + value / 10);
    text[at + 2] = static_cast<char>('0' + value % 10);
  };
  two(0, '-', date.month);
  two(3, '-', date.day);
  two(6, separator, rest / kMillisPerHour);
  rest %= kMillisPerHour;
  two(9, ':', rest / kMillisPerMinute);
  rest %= kMillisPerMinute;
  two(12, ':', rest / kMillisPerSecond);
  rest %= kMillisPerSecond;
  out.append(text.data(), 15);
  if (rest == 0 && fraction == Fraction::kIfNotZero) return;
  out += '.';
  append_padded(out, rest, 3);
}

void append_value(std::string& out, const Value& value, const Type& type) {
  if (value.null()) {
    out += "NULL";
    return;
  }
  switch (type.kind) {
    case TypeKind::kBoolean:
      out += std::get<bool>(value.is) ? "TRUE" : "FALSE";
      return;
    case TypeKind::kInt:
      return append_int(out, std::get<std::int32_t>(value.is));
    case TypeKind::kBigint:
      return append_int(out, std::get<std::int64_t>(value.is));
    case TypeKind::kDouble:
      return append_double(out, std::get<double>(value.is));
    case TypeKind::kDecimal:
      return append_decimal(out, std::get<Int128>(value.is), type.scale);
    case TypeKind::kString:
      out += std::get<std::string>(value.is);
      return;
    case TypeKind::kDate:
      return append_date(out, std::get<std::int32_t>(value.is));
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampLtz:
      return append_timestamp(out, std::get<std::int64_t>(value.is), Fraction::kAlways);
    case TypeKind::kDayInterval:
      return append_day_interval(out, std::get<std::int64_t>(value.is));
    case TypeKind::kMonthInterval:
      return append_month_interval(out, std::get<std::int32_t>(value.is));
    case TypeKind::kRow: {
      const auto& values = std::get<std::vector<Value>>(value.is);
      out += '(';
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (i > 0) out += ", ";
        append_value(out, values[i], (*type.fields)[i].type);
      }
      out += ')';
      return;
    }
    case TypeKind::kNull:
      return;
  }
}

}  // namespace penstock
