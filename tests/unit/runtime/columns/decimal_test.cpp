#include "runtime/columns/decimal.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/random.h"

namespace penstock {
namespace {

std::string shown(const std::optional<Int128>& value, int scale) {
  std::string text;
  if (value) append_decimal(text, *value, scale);
  return value ? text : "nothing";
}

std::string parsed(std::string_view text, int precision, int scale) {
  return shown(parse_decimal(text, precision, scale), scale);
}

TEST(Decimal, ReadsAndWritesText) {
  EXPECT_EQ(parsed("12.5", 5, 2), "12.50");
  EXPECT_EQ(parsed("-0.005", 5, 2), "-0.01");
  EXPECT_EQ(parsed("0.004999", 5, 2), "0.00");
  EXPECT_EQ(parsed("+1e3", 5, 0), "1000");
  EXPECT_EQ(parsed("1.5E-3", 5, 4), "0.0015");
  EXPECT_EQ(parsed("000123", 3, 0), "123");
  EXPECT_EQ(parsed("999.99", 5, 1), "1000.0");
  EXPECT_EQ(parsed("99.99", 3, 1), "nothing");
  EXPECT_EQ(parsed("1234", 3, 0), "nothing");
  EXPECT_EQ(parsed("0e99999999999", 3, 0), "nothing");
  EXPECT_EQ(parsed("1e-20000", 3, 0), "0");
  for (const char* bad : {"", "-", ".", "1.2.3", "1e", "e5", "1 ", "0x1", "1e+-2"})
    EXPECT_EQ(parsed(bad, 5, 2), "nothing") << bad;
  EXPECT_EQ(parsed("99999999999999999999999999999999999999", 38, 0),
            "99999999999999999999999999999999999999");
  EXPECT_EQ(parsed("-0.00000000000000000000000000000000000001", 38, 38),
            "-0.00000000000000000000000000000000000001");
}

TEST(Decimal, ArithmeticRoundsHalfUpAndLosesNothingInBetween) {
  const Int128 large = parse_decimal("12345678901234567890.123456", 38, 6).value();
  EXPECT_EQ(shown(multiply_decimals(large, 6, large, 6, 38, 6), 6), "nothing");
  EXPECT_EQ(shown(multiply_decimals(large, 6, 15, 1, 38, 6), 6), "18518518351851851835.185184");
  EXPECT_EQ(shown(divide_decimals(large, 6, large, 6, 38, 6), 6), "1.000000");
  EXPECT_EQ(shown(divide_decimals(1, 0, 3, 0, 38, 38), 38),
            "0.33333333333333333333333333333333333333");
  EXPECT_EQ(shown(divide_decimals(-1, 0, 2, 0, 5, 0), 0), "-1");
  EXPECT_EQ(shown(add_decimals(5, 1, 5, 2, 4, 1), 1), "0.6");
  EXPECT_EQ(shown(modulo_decimals(-75, 1, 2, 0, 3, 1), 1), "-1.5");
  EXPECT_EQ(shown(rescale_decimal(-25, 1, 0, 2), 0), "-3");
}

TEST(Decimal, OfADoubleIsItsShortestText) {
  EXPECT_EQ(shown(double_to_decimal(2.675, 5, 2), 2), "2.68");
  EXPECT_EQ(shown(double_to_decimal(1e-7, 10, 8), 8), "0.00000010");
  EXPECT_EQ(shown(double_to_decimal(NAN, 10, 8), 8), "nothing");
  EXPECT_EQ(decimal_to_double(parse_decimal("0.1", 38, 30).value(), 30), 0.1);
  EXPECT_EQ(decimal_to_double(-125, 1), -12.5);
}

TEST(Decimal, ProductsAndQuotientsOfSmallNumbersAgreeWithIntegers) {
  const std::uint64_t seed = 4711;
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<std::int64_t>(random.next() >> (random.below(40) + 1));
    const auto b = static_cast<std::int64_t>(random.below(1'000'000)) + 1;
    const int drop = static_cast<int>(random.below(6));
    const Int128 unit = power_of_ten(drop);
    const Int128 product = Int128{a} * b;
    EXPECT_EQ(multiply_decimals(a, drop, b, 0, 38, 0), (product + unit / 2) / unit)
        << "seed " << seed;
    EXPECT_EQ(divide_decimals(-a, 0, b, 0, 38, 3), -(Int128{a} * 1000 * 2 + b) / (2 * b))
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace penstock
