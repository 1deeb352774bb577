#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/columns/column.h"

namespace penstock {

// Values as text, in the forms that Flink reads and writes. Parsers take the whole text, without
// blanks around it; nullopt is "not one, or out of range".

std::optional<std::int32_t> parse_int(std::string_view text);
std::optional<std::int64_t> parse_bigint(std::string_view text);
std::optional<double> parse_double(std::string_view text);  // also NaN, Infinity, -Infinity
std::optional<bool> parse_boolean(std::string_view text);  // t, true, y, yes, 1 and their opposites

// "2013-01-31": days since 1970.
std::optional<std::int32_t> parse_date(std::string_view text);
// "2013-01-31 05:00[:00[.fff...]]", a 'T' instead of the blank, or the date alone: milliseconds
// since 1970; finer digits are dropped. With `zone` an ending "Z" or "+01:00" is read too and taken
// off.
std::optional<std::int64_t> parse_timestamp(std::string_view text, bool zone = false);

void append_int(std::string& out, std::int64_t value);
// As Java prints it: "12.5", "1.0", "1.0E10", "NaN"; the shortest digits that read back alike.
void append_double(std::string& out, double value);
void append_date(std::string& out, std::int32_t days);
enum class Fraction : std::uint8_t { kAlways, kIfNotZero };
// "2013-01-31 05:00:00[.fff]" with `separator` between date and time.
void append_timestamp(std::string& out, std::int64_t millis, Fraction fraction,
                      char separator = ' ');

// One value as CAST(... AS STRING) shows it; NULL is "NULL", a ROW is "(a, b)".
void append_value(std::string& out, const Value& value, const Type& type);

}  // namespace penstock
