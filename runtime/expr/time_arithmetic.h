#pragma once

#include <cstdint>

#include "runtime/expr/time_unit.h"

namespace penstock {

// Calendar arithmetic over milliseconds since 1970 (and days, where the name says so).

// The same day of a later month, or its last day where the month is shorter.
std::int64_t add_months(std::int64_t millis, std::int64_t months);
std::int64_t add_months_to_day(std::int64_t day, std::int64_t months);

// `unit` is a span in these four.
std::int64_t add_units(std::int64_t millis, std::int64_t count, TimeUnit unit);
// Whole units from `from` to `to`, towards zero.
std::int64_t units_between(std::int64_t from, std::int64_t to, TimeUnit unit);
// Weeks begin on Sunday, as in Flink.
std::int64_t floor_to_unit(std::int64_t millis, TimeUnit unit);
std::int64_t ceil_to_unit(std::int64_t millis, TimeUnit unit);

// EXTRACT(unit FROM time); WEEK is the ISO week.
std::int64_t extract_part(std::int64_t millis, TimeUnit unit);

}  // namespace penstock
