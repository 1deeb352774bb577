#include "runtime/base/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace penstock {
namespace {

constexpr Millis kMinute = 60'000;
constexpr std::int64_t kMinutesPerDay = 24 * 60;
// 29 February is eight years away around a year like 2100.
constexpr std::int64_t kDaysSearched = 9 * 366;

struct FieldKind {
  std::string_view name;
  int least, most;
  std::string_view names;  // three letters each, the first one stands for `least`
};
constexpr std::array<FieldKind, 5> kFields = {{
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day of month", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of week", 0, 7, "sunmontuewedthufrisat"},
}};

constexpr std::pair<std::string_view, std::string_view> kShort[] = {
    {"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},   {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
};

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found = split(text, ' ');
  std::erase(found, "");
  return found;
}

Error wrong(const FieldKind& kind, std::string_view text) {
  return {Code::kInvalid, std::string(kind.name) + " '" + std::string(text) +
                              "' of a cron schedule: expected *, or numbers from " +
                              std::to_string(kind.least) + " to " + std::to_string(kind.most) +
                              " with commas, ranges a-b and steps /n"};
}

std::optional<int> number_of(std::string_view text) {
  int number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<int> value_of(std::string_view text, const FieldKind& kind) {
  if (text.size() == 3 && !kind.names.empty()) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = kind.names.find(lower);
    if (at != std::string_view::npos && at % 3 == 0) return kind.least + static_cast<int>(at / 3);
  }
  const auto number = number_of(text);
  return number && *number >= kind.least && *number <= kind.most ? number : std::nullopt;
}

std::int64_t day_of(Millis time) {
  return std::chrono::floor<std::chrono::days>(std::chrono::milliseconds(time)).count();
}

}  // namespace

Result<CronSchedule::Field> CronSchedule::parse_field(std::string_view text, int which) {
  const FieldKind& kind = kFields[static_cast<std::size_t>(which)];
  Field field;
  for (const std::string_view item : split(text, ',')) {
    const auto parts = split(item, '/');
    if (parts.size() > 2) return wrong(kind, text);
    const std::optional<int> step = parts.size() == 2 ? number_of(parts[1]) : 1;
    if (!step || *step < 1) return wrong(kind, text);
    std::optional<int> from = kind.least, to = kind.most;
    if (parts[0] == "*" || parts[0] == "?") {
      field.any |= *step == 1;
    } else {
      const auto ends = split(parts[0], '-');
      from = value_of(ends[0], kind);
      if (ends.size() == 2) to = value_of(ends[1], kind);
      if (ends.size() == 1 && parts.size() == 1) to = from;
      if (ends.size() > 2 || !from || !to || *from > *to) return wrong(kind, text);
    }
    for (int value = *from; value <= *to; value += *step)
      field.values.set(static_cast<std::size_t>(value));
  }
  return field;
}

Result<CronSchedule> CronSchedule::parse(std::string_view text) {
  const std::vector<std::string_view> given = words(text);
  if (given.size() == 1)
    for (const auto& [name, meaning] : kShort)
      if (given[0] == name) return parse(meaning);
  if (given.size() != kFields.size())
    return Error{Code::kInvalid,
                 "a cron schedule has 5 fields (minute, hour, day of month, month, day of week), "
                 "got '" +
                     std::string(text) + "'"};
  CronSchedule schedule;
  TRY_ASSIGN(schedule.minutes_, parse_field(given[0], 0));
  TRY_ASSIGN(schedule.hours_, parse_field(given[1], 1));
  TRY_ASSIGN(schedule.days_, parse_field(given[2], 2));
  TRY_ASSIGN(schedule.months_, parse_field(given[3], 3));
  TRY_ASSIGN(schedule.weekdays_, parse_field(given[4], 4));
  if (schedule.weekdays_.values.test(7)) schedule.weekdays_.values.set(0);
  if (!schedule.ever())
    return Error{Code::kInvalid, "the cron schedule '" + std::string(text) +
                                     "' names a day that no month of it has"};
  return schedule;
}

bool CronSchedule::ever() const {
  for (std::int64_t day = 0; day < kDaysSearched; ++day)
    if (has_day(day)) return true;
  return false;
}

bool CronSchedule::has_day(std::int64_t day) const {
  const std::chrono::sys_days date{std::chrono::days(day)};
  const std::chrono::year_month_day parts{date};
  if (!months_.values.test(static_cast<unsigned>(parts.month()))) return false;
  const bool by_day = days_.values.test(static_cast<unsigned>(parts.day()));
  const bool by_weekday = weekdays_.values.test(std::chrono::weekday(date).c_encoding());
  return days_.any || weekdays_.any ? by_day && by_weekday : by_day || by_weekday;
}

Millis CronSchedule::next_after(Millis time) const {
  std::int64_t day = day_of(time);
  // The first minute that may be it; the next day's when the day is over.
  std::int64_t minute = (time - day * kMinutesPerDay * kMinute) / kMinute + 1;
  for (;; ++day, minute = 0) {
    if (!has_day(day)) continue;
    for (; minute < kMinutesPerDay; ++minute)
      if (hours_.values.test(static_cast<std::size_t>(minute / 60)) &&
          minutes_.values.test(static_cast<std::size_t>(minute % 60)))
        return (day * kMinutesPerDay + minute) * kMinute;
  }
}

Millis CronSchedule::latest_until(Millis time) const {
  std::int64_t day = day_of(time);
  std::int64_t minute = (time - day * kMinutesPerDay * kMinute) / kMinute;
  for (;; --day, minute = kMinutesPerDay - 1) {
    if (!has_day(day)) continue;
    for (; minute >= 0; --minute)
      if (hours_.values.test(static_cast<std::size_t>(minute / 60)) &&
          minutes_.values.test(static_cast<std::size_t>(minute % 60)))
        return (day * kMinutesPerDay + minute) * kMinute;
  }
}

}  // namespace penstock
