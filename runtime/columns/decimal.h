#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/columns/column.h"

namespace penstock {

// Exact decimals as unscaled integers. `precision` is 1..38 digits in all, `scale` of them after
// the point. Whatever does not fit is nullopt; digits that are dropped round half up (away from
// zero).

inline constexpr int kMaxPrecision = 38;

// 10 to the `exponent`, which is 0..38.
Int128 power_of_ten(int exponent);
bool fits_precision(Int128 unscaled, int precision);

std::optional<Int128> rescale_decimal(Int128 unscaled, int from_scale, int to_scale, int precision);

// `left` has scale `left_scale`, and so on; the result has `scale` and must fit `precision`.
std::optional<Int128> add_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                   int precision, int scale);
std::optional<Int128> multiply_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                        int precision, int scale);
// `right` is not zero in these two.
std::optional<Int128> divide_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                      int precision, int scale);
std::optional<Int128> modulo_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                      int precision, int scale);

double decimal_to_double(Int128 unscaled, int scale);
// By the shortest text that reads back as `value`, as java.math.BigDecimal.valueOf does.
std::optional<Int128> double_to_decimal(double value, int precision, int scale);

// "-12.5", "1e3"; no blanks.
std::optional<Int128> parse_decimal(std::string_view text, int precision, int scale);
void append_decimal(std::string& out, Int128 unscaled, int scale);

}  // namespace penstock
