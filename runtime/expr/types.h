#pragma once

#include "runtime/columns/type.h"

namespace penstock {

// Flink's rules for types of numbers. Integers count as decimals: INT as DECIMAL(10, 0), BIGINT as
// DECIMAL(19, 0). All results are nullable; the caller decides nullability.

bool is_integer(const Type& type);
bool is_exact(const Type& type);  // an integer or a decimal
bool is_numeric(const Type& type);
bool is_timestamp(const Type& type);  // with or without local time zone
bool is_interval(const Type& type);

// The decimal that holds every value of an exact numeric type.
Type as_decimal(const Type& exact);

enum class DecimalRule : std::uint8_t { kAdd, kMultiply, kDivide, kModulo };
struct DecimalResult {
  Type type;
  bool may_overflow = false;  // the exact result may need more than 38 digits: NULL then
};
// `left` and `right` are exact.
DecimalResult decimal_result(DecimalRule rule, const Type& left, const Type& right);
// ROUND of a decimal to `digits` after the point.
Type rounded_decimal(const Type& decimal, int digits);

// Whether CAST(from AS to), which exists, can yield NULL for a value that is not NULL: a DECIMAL
// that is too small for it.
bool cast_may_overflow(const Type& from, const Type& to);

}  // namespace penstock
