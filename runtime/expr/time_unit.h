#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock {

// What EXTRACT, FLOOR TO, TIMESTAMPADD and TIMESTAMPDIFF count in. The last five are for EXTRACT
// only.
enum class TimeUnit : std::uint8_t {
  kMillisecond,
  kSecond,
  kMinute,
  kHour,
  kDay,
  kWeek,
  kMonth,
  kQuarter,
  kYear,
  kDayOfWeek,     // DOW: 1 is Sunday
  kIsoDayOfWeek,  // ISODOW: 1 is Monday
  kDayOfYear,     // DOY
  kIsoYear,
  kEpoch,  // seconds since 1970
};

// "HOUR"; case-blind, also in the plural ("HOURS").
std::optional<TimeUnit> parse_time_unit(std::string_view text);
// Whether it measures a span of time, not only a part of a date.
constexpr bool is_span(TimeUnit unit) { return unit <= TimeUnit::kYear; }

}  // namespace penstock
