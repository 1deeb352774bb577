#include "runtime/expr/time_arithmetic.h"

#include <algorithm>

#include "runtime/columns/calendar.h"
#include "runtime/columns/column.h"

namespace penstock {
namespace {

// Milliseconds of the units that always last as long; 0 for the others.
constexpr std::int64_t fixed_length(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::kMillisecond:
      return 1;
    case TimeUnit::kSecond:
      return kMillisPerSecond;
    case TimeUnit::kMinute:
      return kMillisPerMinute;
    case TimeUnit::kHour:
      return kMillisPerHour;
    case TimeUnit::kDay:
      return kMillisPerDay;
    case TimeUnit::kWeek:
      return 7 * kMillisPerDay;
    default:
      return 0;
  }
}

constexpr std::int64_t months_in(TimeUnit unit) {
  return unit == TimeUnit::kMonth ? 1 : unit == TimeUnit::kQuarter ? 3 : 12;
}

constexpr std::int64_t wrapping_multiply_add(std::int64_t base, std::int64_t count,
                                             std::int64_t each) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(base) +
                                   static_cast<std::uint64_t>(count) *
                                       static_cast<std::uint64_t>(each));
}

std::int64_t first_of_year(std::int64_t year) { return days_from_civil({.year = year}); }

// Monday is 1. 1970-01-01 was a Thursday.
std::int64_t iso_day_of_week(std::int64_t day) { return floor_modulo(day + 3, 7) + 1; }

// The year that the week's Thursday lies in owns the week.
std::int64_t iso_thursday(std::int64_t day) { return day + 4 - iso_day_of_week(day); }

}  // namespace

std::int64_t add_months_to_day(std::int64_t day, std::int64_t months) {
  const CivilDate date = civil_from_days(day);
  const std::int64_t month = date.year * 12 + date.month - 1 + months;
  CivilDate moved{.year = floor_divide(month, 12),
                  .month = static_cast<int>(floor_modulo(month, 12)) + 1};
  moved.day = std::min(date.day, days_in_month(moved.year, moved.month));
  return days_from_civil(moved);
}

std::int64_t add_months(std::int64_t millis, std::int64_t months) {
  const std::int64_t day = floor_divide(millis, kMillisPerDay);
  return wrapping_multiply_add(floor_modulo(millis, kMillisPerDay), add_months_to_day(day, months),
                               kMillisPerDay);
}

std::int64_t add_units(std::int64_t millis, std::int64_t count, TimeUnit unit) {
  if (const std::int64_t length = fixed_length(unit); length != 0)
    return wrapping_multiply_add(millis, count, length);
  // Beyond this the year leaves the calendar's arithmetic anyway.
  constexpr std::int64_t kMost = 12'000'000'000;
  return add_months(millis, std::clamp(count, -kMost, kMost) * months_in(unit));
}

std::int64_t units_between(std::int64_t from, std::int64_t to, TimeUnit unit) {
  if (const std::int64_t length = fixed_length(unit); length != 0)
    return static_cast<std::int64_t>((static_cast<Int128>(to) - from) / length);
  const CivilDate a = civil_from_days(floor_divide(from, kMillisPerDay));
  const CivilDate b = civil_from_days(floor_divide(to, kMillisPerDay));
  std::int64_t months = (b.year - a.year) * 12 + b.month - a.month;
  if (months > 0 && add_months(from, months) > to) --months;
  if (months < 0 && add_months(from, months) < to) ++months;
  return months / months_in(unit);
}

std::int64_t floor_to_unit(std::int64_t millis, TimeUnit unit) {
  if (unit == TimeUnit::kWeek) {
    const std::int64_t day = floor_divide(millis, kMillisPerDay);
    return (day - floor_modulo(day + 4, 7)) * kMillisPerDay;
  }
  if (const std::int64_t length = fixed_length(unit); length != 0)
    return millis - floor_modulo(millis, length);
  CivilDate date = civil_from_days(floor_divide(millis, kMillisPerDay));
  const int months = static_cast<int>(months_in(unit));
  date.month = (date.month - 1) / months * months + 1;
  date.day = 1;
  return days_from_civil(date) * kMillisPerDay;
}

std::int64_t ceil_to_unit(std::int64_t millis, TimeUnit unit) {
  const std::int64_t floor = floor_to_unit(millis, unit);
  return floor == millis ? millis : add_units(floor, 1, unit);
}

std::int64_t extract_part(std::int64_t millis, TimeUnit unit) {
  const std::int64_t day = floor_divide(millis, kMillisPerDay);
  const std::int64_t time = floor_modulo(millis, kMillisPerDay);
  switch (unit) {
    case TimeUnit::kMillisecond:
      return time % kMillisPerSecond;
    case TimeUnit::kSecond:
      return time / kMillisPerSecond % 60;
    case TimeUnit::kMinute:
      return time / kMillisPerMinute % 60;
    case TimeUnit::kHour:
      return time / kMillisPerHour;
    case TimeUnit::kDay:
      return civil_from_days(day).day;
    case TimeUnit::kWeek: {
      const std::int64_t thursday = iso_thursday(day);
      return (thursday - first_of_year(civil_from_days(thursday).year)) / 7 + 1;
    }
    case TimeUnit::kMonth:
      return civil_from_days(day).month;
    case TimeUnit::kQuarter:
      return (civil_from_days(day).month + 2) / 3;
    case TimeUnit::kYear:
      return civil_from_days(day).year;
    case TimeUnit::kDayOfWeek:
      return floor_modulo(day + 4, 7) + 1;
    case TimeUnit::kIsoDayOfWeek:
      return iso_day_of_week(day);
    case TimeUnit::kDayOfYear:
      return day - first_of_year(civil_from_days(day).year) + 1;
    case TimeUnit::kIsoYear:
      return civil_from_days(iso_thursday(day)).year;
    case TimeUnit::kEpoch:
      return floor_divide(millis, kMillisPerSecond);
  }
  return 0;
}

}  // namespace penstock
