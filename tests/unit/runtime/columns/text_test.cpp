#include "runtime/columns/text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/base/random.h"
#include "runtime/columns/calendar.h"

namespace penstock {
namespace {

std::string timestamp(std::string_view text, bool zone = false) {
  const auto millis = parse_timestamp(text, zone);
  std::string out;
  if (millis) append_timestamp(out, *millis, Fraction::kIfNotZero);
  return millis ? out : "nothing";
}

std::string number(double value) {
  std::string out;
  append_double(out, value);
  return out;
}

TEST(Text, ReadsTimestamps) {
  EXPECT_EQ(timestamp("2013-01-01 05:00:00"), "2013-01-01 05:00:00");
  EXPECT_EQ(timestamp("2013-1-1 5:00"), "2013-01-01 05:00:00");
  EXPECT_EQ(timestamp("2013-01-01T05:00:00.1239"), "2013-01-01 05:00:00.123");
  EXPECT_EQ(timestamp("2013-01-01"), "2013-01-01 00:00:00");
  EXPECT_EQ(timestamp("1969-12-31 23:59:59.999"), "1969-12-31 23:59:59.999");
  EXPECT_EQ(timestamp("2012-02-29 00:00:00"), "2012-02-29 00:00:00");
  EXPECT_EQ(timestamp("2013-01-01 05:00:00+01:30", true), "2013-01-01 03:30:00");
  EXPECT_EQ(timestamp("2013-01-01 05:00:00Z", true), "2013-01-01 05:00:00");
  for (const char* bad : {"", "2013", "2013-02-29", "2013-13-01", "2013-01-01 24:00:00",
                          "2013-01-01 05:60:00", "2013-01-01 05:00:00Z", "2013-01-01 05:00:00.",
                          "2013-01-01x05:00:00", "2013-01-01 05:00:00 ", "2o13-01-01 05:00:00"})
    EXPECT_EQ(timestamp(bad), "nothing") << bad;
}

TEST(Text, WritesDoublesAsJavaDoes) {
  EXPECT_EQ(number(0), "0.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(12.5), "12.5");
  EXPECT_EQ(number(9999999), "9999999.0");
  EXPECT_EQ(number(1e7), "1.0E7");
  EXPECT_EQ(number(0.001), "0.001");
  EXPECT_EQ(number(0.0001), "1.0E-4");
  EXPECT_EQ(number(1.7976931348623157e308), "1.7976931348623157E308");
}

TEST(Text, DoublesReadBackAlike) {
  const std::uint64_t seed = 1;
  Random random(seed);
  for (int i = 0; i < 5000; ++i) {
    const double value =
        (random.unit() - 0.5) * std::pow(10.0, static_cast<double>(random.below(40)) - 20);
    EXPECT_EQ(parse_double(number(value)), value) << "seed " << seed;
  }
}

TEST(Text, NumbersMustBeWholeTexts) {
  EXPECT_EQ(parse_bigint("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(parse_bigint("+5"), 5);
  for (const char* bad : {"", "+", "+-5", " 5", "5 ", "0x5", "9223372036854775808"})
    EXPECT_FALSE(parse_bigint(bad)) << bad;
  EXPECT_FALSE(parse_int("2147483648"));
  EXPECT_FALSE(parse_double("inf"));
  EXPECT_EQ(parse_double("-Infinity"), -INFINITY);
  EXPECT_EQ(parse_boolean("Yes"), true);
  EXPECT_FALSE(parse_boolean("yep"));
}

TEST(Calendar, EachDayFollowsTheOneBefore) {
  CivilDate before = civil_from_days(-800'000);
  for (std::int64_t day = -799'999; day < 800'000; ++day) {
    const CivilDate date = civil_from_days(day);
    ASSERT_EQ(days_from_civil(date), day);
    const bool last = before.day == days_in_month(before.year, before.month);
    ASSERT_EQ(date.day, last ? 1 : before.day + 1);
    before = date;
  }
  EXPECT_EQ(civil_from_days(0), (CivilDate{.year = 1970, .month = 1, .day = 1}));
}

}  // namespace
}  // namespace penstock
