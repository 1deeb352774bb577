#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "runtime/columns/decimal.h"
#include "runtime/expr/row_node.h"
#include "runtime/expr/time_arithmetic.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

template <double (*function)(double)>
Result<NodePtr> make_unary(KernelCall call) {
  return over_rows<double>(call, [](double value) { return function(value); });
}

template <double (*function)(double, double)>
Result<NodePtr> make_binary(KernelCall call) {
  return over_rows<double, double>(call, [](double a, double b) { return function(a, b); });
}

double degrees(double radians) { return radians * (180 / std::numbers::pi); }
double radians(double degrees) { return degrees * (std::numbers::pi / 180); }
double log_to_base(double base, double value) { return std::log(value) / std::log(base); }

Result<NodePtr> make_log(KernelCall call) {
  return call.inputs.size() == 1 ? make_unary<std::log>(std::move(call))
                                 : make_binary<log_to_base>(std::move(call));
}

template <typename T>
T absolute(T value) {
  if constexpr (std::is_integral_v<T>) {
    using U = std::make_unsigned_t<T>;
    return value < 0 ? static_cast<T>(U{0} - static_cast<U>(value)) : value;
  } else {
    return value < 0 ? -value : value;
  }
}

// Applies `f`, which takes any number, to the first argument.
template <typename F>
Result<NodePtr> over_number(KernelCall& call, F f) {
  switch (call.input_kind(0)) {
    case TypeKind::kInt:
      return over_rows<std::int32_t>(call, f);
    case TypeKind::kBigint:
      return over_rows<std::int64_t>(call, f);
    case TypeKind::kDouble:
      return over_rows<double>(call, f);
    case TypeKind::kDecimal:
      return over_rows<Int128>(call, f);
    default:
      return no_kernel(call);
  }
}

Result<NodePtr> make_abs(KernelCall call) {
  return over_number(call, [](auto value) { return absolute(value); });
}

Result<NodePtr> make_sign(KernelCall call) {
  const Int128 one =
      call.input_kind(0) == TypeKind::kDecimal ? power_of_ten(call.input_type(0).scale) : 1;
  return over_number(call, [one](auto value) {
    using T = decltype(value);
    return static_cast<T>(value > 0   ? static_cast<T>(one)
                          : value < 0 ? static_cast<T>(-one)
                                      : value);
  });
}

enum class Direction : std::uint8_t { kDown, kUp };

Int128 to_whole(Int128 value, Int128 unit, Direction direction) {
  const Int128 whole = value / unit;
  const Int128 rest = value % unit;
  if (direction == Direction::kDown) return rest < 0 ? whole - 1 : whole;
  return rest > 0 ? whole + 1 : whole;
}

// FLOOR and CEIL of a number, or of a time to a unit.
template <Direction direction>
Result<NodePtr> make_floor(KernelCall call) {
  if (call.inputs.size() == 2) {
    const auto unit = parse_time_unit(constant_of<std::string_view>(*call.inputs[1]).value_or(""));
    if (!unit) return no_kernel(call);
    call.inputs.pop_back();
    return over_rows<std::int64_t>(call, [unit = *unit](RowScratch&, std::int64_t millis) {
      return direction == Direction::kDown ? floor_to_unit(millis, unit)
                                           : ceil_to_unit(millis, unit);
    });
  }
  switch (call.input_kind(0)) {
    case TypeKind::kInt:
    case TypeKind::kBigint:
      return std::move(call.inputs[0]);
    case TypeKind::kDouble:
      return over_rows<double>(call, [](double value) {
        return direction == Direction::kDown ? std::floor(value) : std::ceil(value);
      });
    case TypeKind::kDecimal:
      return over_rows<Int128>(call, [unit = power_of_ten(call.input_type(0).scale)](Int128 value) {
        return to_whole(value, unit, direction);
      });
    default:
      return no_kernel(call);
  }
}

// `value` with `digits` after the point (before it, when negative): half up, or cut.
Int128 rounded_unscaled(Int128 value, int scale, std::int64_t digits, bool cut) {
  if (digits >= scale) return value;
  const std::int64_t drop = scale - std::max<std::int64_t>(digits, -kMaxPrecision);
  if (drop > kMaxPrecision) return 0;
  const Int128 unit = power_of_ten(static_cast<int>(drop));
  Int128 whole = value / unit;
  const Int128 rest = absolute(value % unit);
  if (!cut && rest >= unit - rest) whole += value < 0 ? -1 : 1;
  Int128 out = 0;
  return __builtin_mul_overflow(whole, unit, &out) ? 0 : out;
}

double rounded_double(double value, std::int64_t digits, bool cut) {
  if (!std::isfinite(value) || digits > 300) return value;
  if (digits < -300) return 0;
  // By the shortest decimal text where it is exact there: ROUND(1.005, 2) is 1.01.
  const int kept = static_cast<int>(digits);
  if (std::fabs(value) < 1e18 && kept >= 0 && kept <= 18) {
    if (const auto exact = double_to_decimal(value, kMaxPrecision, 19))
      return decimal_to_double(rounded_unscaled(*exact, 19, kept, cut), 19);
  }
  const double unit = std::pow(10.0, std::abs(kept));
  const double scaled = kept >= 0 ? value * unit : value / unit;
  if (!std::isfinite(scaled)) return value;
  const double whole = cut ? std::trunc(scaled) : std::round(scaled);
  return kept >= 0 ? whole / unit : whole * unit;
}

template <bool cut>
Result<NodePtr> make_round(KernelCall call) {
  using L = std::int64_t;
  switch (call.input_kind(0)) {
    case TypeKind::kInt:
      return over_rows<std::int32_t, L>(call, [](RowScratch&, std::int32_t value, L digits) {
        return static_cast<std::int32_t>(rounded_unscaled(value, 0, digits, cut));
      });
    case TypeKind::kBigint:
      return over_rows<L, L>(call, [](RowScratch&, L value, L digits) {
        return static_cast<L>(rounded_unscaled(value, 0, digits, cut));
      });
    case TypeKind::kDouble:
      return over_rows<double, L>(call, [](RowScratch&, double value, L digits) {
        return rounded_double(value, digits, cut);
      });
    case TypeKind::kDecimal:
      break;
    default:
      return no_kernel(call);
  }
  const int from = call.input_type(0).scale;
  const int to = call.type().scale;
  const int precision = call.type().precision;
  return over_rows<Int128, L>(call, [from, to, precision](RowScratch&, Int128 value, L digits) {
    return rescale_decimal(rounded_unscaled(value, from, digits, cut), from, to, precision);
  });
}

Result<NodePtr> make_pi(KernelCall call) {
  return make_literal(call.type(), {.is = std::numbers::pi});
}
Result<NodePtr> make_e(KernelCall call) {
  return make_literal(call.type(), {.is = std::numbers::e});
}

constexpr std::array kKernels = {
    Kernel{"ABS", make_abs},
    Kernel{"ACOS", make_unary<std::acos>},
    Kernel{"ASIN", make_unary<std::asin>},
    Kernel{"ATAN", make_unary<std::atan>},
    Kernel{"ATAN2", make_binary<std::atan2>},
    Kernel{"CEIL", make_floor<Direction::kUp>},
    Kernel{"COS", make_unary<std::cos>},
    Kernel{"DEGREES", make_unary<degrees>},
    Kernel{"E", make_e},
    Kernel{"EXP", make_unary<std::exp>},
    Kernel{"FLOOR", make_floor<Direction::kDown>},
    Kernel{"LN", make_unary<std::log>},
    Kernel{"LOG", make_log},
    Kernel{"LOG10", make_unary<std::log10>},
    Kernel{"LOG2", make_unary<std::log2>},
    Kernel{"PI", make_pi},
    Kernel{"POWER", make_binary<std::pow>},
    Kernel{"RADIANS", make_unary<radians>},
    Kernel{"ROUND", make_round<false>},
    Kernel{"SIGN", make_sign},
    Kernel{"SIN", make_unary<std::sin>},
    Kernel{"SQRT", make_unary<std::sqrt>},
    Kernel{"TAN", make_unary<std::tan>},
    Kernel{"TRUNCATE", make_round<true>},
};

}  // namespace

std::span<const Kernel> math_kernels() { return kKernels; }

}  // namespace penstock
