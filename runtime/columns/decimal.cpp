#include "runtime/columns/decimal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace penstock {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr std::array<Int128, kMaxPrecision + 1> kPowers = [] {
  std::array<Int128, kMaxPrecision + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// A magnitude of 256 bits, for the products and dividends that leave 128.
struct Wide {
  Uint128 high = 0;
  Uint128 low = 0;
};

Uint128 magnitude(Int128 value) {
  return value < 0 ? Uint128{0} - static_cast<Uint128>(value) : static_cast<Uint128>(value);
}

Wide multiply(Uint128 a, Uint128 b) {
  constexpr Uint128 kLow = std::numeric_limits<std::uint64_t>::max();
  const Uint128 low = (a & kLow) * (b & kLow);
  const Uint128 first = (a >> 64) * (b & kLow);
  const Uint128 second = (a & kLow) * (b >> 64);
  const Uint128 middle = (low >> 64) + (first & kLow) + (second & kLow);
  return {.high = (a >> 64) * (b >> 64) + (first >> 64) + (second >> 64) + (middle >> 64),
          .low = (middle << 64) | (low & kLow)};
}

struct Division {
  Wide quotient;
  Uint128 rest = 0;
};

// `divisor` is not zero and below 2^127, so that the partial rest never overflows.
Division divide(Wide value, Uint128 divisor) {
  if (value.high == 0)
    return {.quotient = {.low = value.low / divisor}, .rest = value.low % divisor};
  Division out{.quotient = {.high = value.high / divisor}, .rest = value.high % divisor};
  for (int bit = 127; bit >= 0; --bit) {
    out.rest = (out.rest << 1) | ((value.low >> bit) & 1);
    if (out.rest < divisor) continue;
    out.rest -= divisor;
    out.quotient.low |= Uint128{1} << bit;
  }
  return out;
}

// The quotient rounded half up, with a sign, if it has at most `precision` digits.
std::optional<Int128> rounded(Wide value, Uint128 divisor, bool negative, int precision) {
  const Division division = divide(value, divisor);
  if (division.quotient.high != 0) return std::nullopt;
  Uint128 quotient = division.quotient.low;
  if (division.rest >= divisor - division.rest) ++quotient;
  if (quotient >= static_cast<Uint128>(power_of_ten(precision))) return std::nullopt;
  return negative ? -static_cast<Int128>(quotient) : static_cast<Int128>(quotient);
}

}  // namespace

Int128 power_of_ten(int exponent) { return kPowers[static_cast<std::size_t>(exponent)]; }

bool fits_precision(Int128 unscaled, int precision) {
  const Int128 limit = power_of_ten(precision);
  return unscaled < limit && unscaled > -limit;
}

std::optional<Int128> rescale_decimal(Int128 unscaled, int from_scale, int to_scale,
                                      int precision) {
  if (to_scale >= from_scale) {
    Int128 out = 0;
    if (__builtin_mul_overflow(unscaled, power_of_ten(to_scale - from_scale), &out) ||
        !fits_precision(out, precision))
      return std::nullopt;
    return out;
  }
  return rounded({.low = magnitude(unscaled)},
                 static_cast<Uint128>(power_of_ten(from_scale - to_scale)), unscaled < 0,
                 precision);
}

std::optional<Int128> add_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                   int precision, int scale) {
  const int common = std::max(left_scale, right_scale);
  Int128 a = 0;
  Int128 b = 0;
  Int128 sum = 0;
  if (__builtin_mul_overflow(left, power_of_ten(common - left_scale), &a) ||
      __builtin_mul_overflow(right, power_of_ten(common - right_scale), &b) ||
      __builtin_add_overflow(a, b, &sum))
    return std::nullopt;
  return rescale_decimal(sum, common, scale, precision);
}

std::optional<Int128> multiply_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                        int precision, int scale) {
  const Wide product = multiply(magnitude(left), magnitude(right));
  const int drop = left_scale + right_scale - scale;
  const bool negative = (left < 0) != (right < 0);
  if (drop <= kMaxPrecision)
    return rounded(product, static_cast<Uint128>(power_of_ten(drop)), negative, precision);
  // Two cuts are exact: whether the rest is a half or more does not depend on digits below it.
  const Division first = divide(product, static_cast<Uint128>(power_of_ten(kMaxPrecision)));
  return rounded(first.quotient, static_cast<Uint128>(power_of_ten(drop - kMaxPrecision)), negative,
                 precision);
}

std::optional<Int128> divide_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                      int precision, int scale) {
  const bool negative = (left < 0) != (right < 0);
  int shift = scale - left_scale + right_scale;
  Uint128 divisor = magnitude(right);
  if (shift < 0) {
    const Wide scaled = multiply(divisor, static_cast<Uint128>(power_of_ten(-shift)));
    if (scaled.high != 0 || (scaled.low >> 127) != 0) return Int128{0};
    divisor = scaled.low;
    shift = 0;
  }
  if (shift >
      kMaxPrecision) {  // only with huge scales: the quotient of a first step is exact enough
    const Wide product =
        multiply(magnitude(left), static_cast<Uint128>(power_of_ten(shift - kMaxPrecision)));
    if (product.high != 0) return std::nullopt;
    return rounded(multiply(product.low, static_cast<Uint128>(power_of_ten(kMaxPrecision))),
                   divisor, negative, precision);
  }
  return rounded(multiply(magnitude(left), static_cast<Uint128>(power_of_ten(shift))), divisor,
                 negative, precision);
}

std::optional<Int128> modulo_decimals(Int128 left, int left_scale, Int128 right, int right_scale,
                                      int precision, int scale) {
  const int common = std::max(left_scale, right_scale);
  Int128 a = 0;
  Int128 b = 0;
  if (__builtin_mul_overflow(left, power_of_ten(common - left_scale), &a) ||
      __builtin_mul_overflow(right, power_of_ten(common - right_scale), &b))
    return std::nullopt;
  return rescale_decimal(a % b, common, scale, precision);
}

double decimal_to_double(Int128 unscaled, int scale) {
  constexpr Int128 kExact = Int128{1} << 53;
  if (scale <= 22 && unscaled > -kExact && unscaled < kExact)  // both exact: one rounding
    return static_cast<double>(static_cast<std::int64_t>(unscaled)) /
           static_cast<double>(power_of_ten(scale));
  std::string text;
  append_decimal(text, unscaled, scale);
  double out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

std::optional<Int128> double_to_decimal(double value, int precision, int scale) {
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return parse_decimal({text.data(), static_cast<std::size_t>(end - text.data())}, precision,
                       scale);
}

std::optional<Int128> parse_decimal(std::string_view text, int precision, int scale) {
  bool negative = false;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::string digits;  // without leading zeros
  int point = 0;       // digits after the point so far
  bool after_point = false;
  bool any = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !after_point) {
      after_point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (after_point) ++point;
    if (c != '0' || !digits.empty()) digits += c;
  }
  if (!any) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    std::string_view exponent_text = text.substr(at + 1);
    if (exponent_text.starts_with('+')) {
      exponent_text.remove_prefix(1);
      if (exponent_text.starts_with('-')) return std::nullopt;
    }
    int exponent = 0;
    const auto [end, failed] = std::from_chars(
        exponent_text.data(), exponent_text.data() + exponent_text.size(), exponent);
    if (failed != std::errc{} || end != exponent_text.data() + exponent_text.size())
      return std::nullopt;
    if (exponent > 10000 || exponent < -10000) {
      if (digits.empty() || exponent < 0) return Int128{0};
      return std::nullopt;
    }
    point -= exponent;
    at = text.size();
  }
  if (at != text.size()) return std::nullopt;
  if (digits.empty()) return Int128{0};
  // The value is digits * 10^-point; wanted is digits * 10^(scale - point).
  const long kept = static_cast<long>(digits.size()) + scale - point;
  if (kept > precision) return std::nullopt;
  if (kept < 0) return Int128{0};
  Int128 out = 0;
  for (long i = 0; i < kept; ++i) {
    const auto index = static_cast<std::size_t>(i);
    out = out * 10 + (index < digits.size() ? digits[index] - '0' : 0);
  }
  const auto next = static_cast<std::size_t>(kept);
  if (next < digits.size() && digits[next] >= '5') ++out;
  if (!fits_precision(out, precision)) return std::nullopt;
  return negative ? -out : out;
}

void append_decimal(std::string& out, Int128 unscaled, int scale) {
  std::array<char, 48> text{};
  char* at = text.data() + text.size();
  Uint128 rest = magnitude(unscaled);
  int written = 0;
  while (rest != 0 || written <= scale) {
    if (rest <= std::numeric_limits<std::uint64_t>::max()) {  // no 128-bit division from here on
      auto small = static_cast<std::uint64_t>(rest);
      while (small != 0 || written <= scale) {
        if (written == scale && scale > 0) *--at = '.';
        *--at = static_cast<char>('0' + small % 10);
        small /= 10;
        ++written;
      }
      break;
    }
    if (written == scale && scale > 0) *--at = '.';
    *--at = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
    ++written;
  }
  if (unscaled < 0) *--at = '-';
  out.append(at, static_cast<std::size_t>(text.data() + text.size() - at));
}

}  // namespace penstock
