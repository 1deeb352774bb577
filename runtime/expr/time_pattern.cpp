#include "runtime/expr/time_pattern.h"

#include <algorithm>

#include "runtime/columns/calendar.h"
#include "runtime/columns/text.h"

namespace penstock {
namespace {

struct Fields {
  std::int64_t year = 1970;
  std::int64_t month = 1;
  std::int64_t day = 1;
  std::int64_t hour = 0;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t milli = 0;
  std::optional<bool> afternoon{};
};

Fields fields_of(std::int64_t millis) {
  const CivilDate date = civil_from_days(floor_divide(millis, kMillisPerDay));
  const std::int64_t time = floor_modulo(millis, kMillisPerDay);
  return {.year = date.year,
          .month = date.month,
          .day = date.day,
          .hour = time / kMillisPerHour,
          .minute = time / kMillisPerMinute % 60,
          .second = time / kMillisPerSecond % 60,
          .milli = time % kMillisPerSecond};
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  std::string digits;
  append_int(digits, value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

std::optional<std::int64_t> to_millis(const Fields& f) {
  std::int64_t hour = f.hour;
  if (f.afternoon) hour = hour % 12 + (*f.afternoon ? 12 : 0);
  if (f.month < 1 || f.month > 12 || f.day < 1 ||
      f.day > days_in_month(f.year, static_cast<int>(f.month)) || hour > 23 || f.minute > 59 ||
      f.second > 59)
    return std::nullopt;
  return days_from_civil(
             {.year = f.year, .month = static_cast<int>(f.month), .day = static_cast<int>(f.day)}) *
             kMillisPerDay +
         hour * kMillisPerHour + f.minute * kMillisPerMinute + f.second * kMillisPerSecond +
         f.milli;
}

// Takes digits off the front: exactly `width` where digits follow, else at least one.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t width,
                                        std::size_t most) {
  std::size_t count = 0;
  std::int64_t value = 0;
  while (count < most && count < text.size() && text[count] >= '0' && text[count] <= '9')
    value = value * 10 + (text[count++] - '0');
  if (count < width) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

std::int64_t* slot_of(Fields& fields, char letter) {
  switch (letter) {
    case 'y':
      return &fields.year;
    case 'M':
      return &fields.month;
    case 'd':
      return &fields.day;
    case 'H':
    case 'h':
      return &fields.hour;
    case 'm':
      return &fields.minute;
    default:
      return &fields.second;
  }
}

bool read_part(Fields& fields, char letter, std::size_t width, std::string_view& text) {
  if (letter == 'a') {
    if (!text.starts_with("AM") && !text.starts_with("PM")) return false;
    fields.afternoon = text.front() == 'P';
    text.remove_prefix(2);
    return true;
  }
  if (letter == 'S') {
    const std::string_view digits = text.substr(0, std::min(width, text.size()));
    const auto value = take_number(text, width, width);
    if (!value || width > 9) return false;
    std::string thousandths(digits.substr(0, 3));
    thousandths.resize(3, '0');
    fields.milli = *parse_bigint(thousandths);
    return true;
  }
  const bool year = letter == 'y';
  const auto value =
      take_number(text, width, year && width != 2 ? 6 : std::max<std::size_t>(width, 2));
  if (!value) return false;
  *slot_of(fields, letter) = year && width == 2 ? 2000 + *value : *value;
  if (letter == 'h' && !fields.afternoon) fields.afternoon = false;
  return true;
}

}  // namespace

Result<TimePattern> TimePattern::parse(std::string_view pattern) {
  TimePattern out;
  const auto literal = [&out](char c) {
    if (out.parts_.empty() || out.parts_.back().letter != 0) out.parts_.emplace_back();
    out.parts_.back().text += c;
  };
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\'') {
      const std::size_t end = pattern.find('\'', at + 1);
      if (end == pattern.npos)
        return Error{Code::kInvalid,
                     "quote without an end in time pattern: " + std::string(pattern)};
      if (end == at + 1) literal('\'');
      for (const char quoted : pattern.substr(at + 1, end - at - 1)) literal(quoted);
      at = end + 1;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter) {
      literal(c);
      ++at;
      continue;
    }
    const std::size_t end = std::min(pattern.find_first_not_of(c, at), pattern.size());
    const bool name = c == 'M' && end - at > 2;
    if (std::string_view("yMdHhmsSa").find(c) == std::string_view::npos || name)
      return Error{Code::kInvalid, "NotImplemented: '" + std::string(pattern.substr(at, end - at)) +
                                       "' in time pattern " + std::string(pattern)};
    out.parts_.push_back({.letter = c, .width = end - at});
    at = end;
  }
  return out;
}

void TimePattern::append(std::string& out, std::int64_t millis) const {
  Fields fields = fields_of(millis);
  for (const Part& part : parts_) {
    switch (part.letter) {
      case 0:
        out += part.text;
        break;
      case 'a':
        out += fields.hour < 12 ? "AM" : "PM";
        break;
      case 'h':
        append_padded(out, (fields.hour + 11) % 12 + 1, part.width);
        break;
      case 'S': {
        std::string digits;
        append_padded(digits, fields.milli, 3);
        digits.resize(part.width, '0');
        out += digits;
        break;
      }
      case 'y':
        append_padded(out, part.width == 2 ? floor_modulo(fields.year, 100) : fields.year,
                      part.width);
        break;
      default:
        append_padded(out, *slot_of(fields, part.letter), part.width);
    }
  }
}

std::optional<std::int64_t> TimePattern::read(std::string_view text) const {
  Fields fields;
  for (const Part& part : parts_) {
    if (part.letter == 0) {
      if (!text.starts_with(part.text)) return std::nullopt;
      text.remove_prefix(part.text.size());
    } else if (!read_part(fields, part.letter, part.width, text)) {
      return std::nullopt;
    }
  }
  if (!text.empty()) return std::nullopt;
  return to_millis(fields);
}

}  // namespace penstock
