#include "runtime/base/cron.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace penstock {
namespace {

using namespace std::chrono;
using testing::HasSubstr;

// "2026-11-23 04:05"; seconds and milliseconds as given.
Millis at(int y, unsigned mo, unsigned d, int h, int mi, Millis more = 0) {
  const sys_days day{year(y) / mo / d};
  return duration_cast<milliseconds>(day.time_since_epoch() + hours(h) + minutes(mi)).count() +
         more;
}

CronSchedule schedule(std::string_view text) { return CronSchedule::parse(text).value(); }

struct Case {
  const char* name;
  const char* text;
  Millis now, next, latest;
};

class Times : public testing::TestWithParam<Case> {};

TEST_P(Times, AreTheNextAndTheLatest) {
  const CronSchedule it = schedule(GetParam().text);
  EXPECT_EQ(it.next_after(GetParam().now), GetParam().next);
  EXPECT_EQ(it.latest_until(GetParam().now), GetParam().latest);
}

// 2026-11-23 is a Monday.
INSTANTIATE_TEST_SUITE_P(
    Table, Times,
    testing::Values(Case{"EveryMinute", "* * * * *", at(2026, 11, 23, 4, 5, 1),
                         at(2026, 11, 23, 4, 6), at(2026, 11, 23, 4, 5)},
                    Case{"ExactlyThenIsTheLatestAndNotTheNext", "5 4 * * *", at(2026, 11, 23, 4, 5),
                         at(2026, 11, 24, 4, 5), at(2026, 11, 23, 4, 5)},
                    Case{"AMillisecondBefore", "5 4 * * *", at(2026, 11, 23, 4, 5, -1),
                         at(2026, 11, 23, 4, 5), at(2026, 11, 22, 4, 5)},
                    Case{"Steps", "*/20 */6 * * *", at(2026, 11, 23, 18, 45),
                         at(2026, 11, 24, 0, 0), at(2026, 11, 23, 18, 40)},
                    Case{"AStepFromANumber", "50/4 * * * *", at(2026, 11, 23, 4, 55),
                         at(2026, 11, 23, 4, 58), at(2026, 11, 23, 4, 54)},
                    Case{"ListsAndRanges", "0,30 8-10 * * *", at(2026, 11, 23, 10, 30),
                         at(2026, 11, 24, 8, 0), at(2026, 11, 23, 10, 30)},
                    Case{"Weekdays", "0 8 * * 1-5", at(2026, 11, 21, 12, 0), at(2026, 11, 23, 8, 0),
                         at(2026, 11, 20, 8, 0)},
                    Case{"NamesOfAnyCase", "0 0 * Jan,DEC Sun", at(2026, 11, 23, 0, 0),
                         at(2026, 12, 6, 0, 0), at(2026, 1, 25, 0, 0)},
                    Case{"SevenIsSunday", "0 0 * * 7", at(2026, 11, 23, 0, 0),
                         at(2026, 11, 29, 0, 0), at(2026, 11, 22, 0, 0)},
                    Case{"EitherDayWhenBothAreRestricted", "0 0 25 * 2", at(2026, 11, 24, 1, 0),
                         at(2026, 11, 25, 0, 0), at(2026, 11, 24, 0, 0)},
                    Case{"TheEndOfAMonth", "0 0 31 * *", at(2026, 11, 23, 0, 0),
                         at(2026, 12, 31, 0, 0), at(2026, 10, 31, 0, 0)},
                    Case{"ALeapDayOverACenturyThatHasNone", "0 0 29 2 *", at(2099, 6, 1, 0, 0),
                         at(2104, 2, 29, 0, 0), at(2096, 2, 29, 0, 0)},
                    Case{"OverTheYear", "@yearly", at(2026, 11, 23, 0, 0), at(2027, 1, 1, 0, 0),
                         at(2026, 1, 1, 0, 0)},
                    Case{"Hourly", " @hourly ", at(2026, 11, 23, 23, 59), at(2026, 11, 24, 0, 0),
                         at(2026, 11, 23, 23, 0)},
                    // Where clocks in Europe and America skip or repeat an hour, UTC does not.
                    Case{"OnADayOnWhichClocksChange", "30 2 * * *", at(2026, 3, 29, 2, 30),
                         at(2026, 3, 30, 2, 30), at(2026, 3, 29, 2, 30)},
                    Case{"OnTheOtherDayOnWhichClocksChange", "*/30 * * * *", at(2026, 10, 25, 1, 0),
                         at(2026, 10, 25, 1, 30), at(2026, 10, 25, 1, 0)}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(CronSchedule, NextAndLatestAgreeMinuteByMinute) {
  const CronSchedule it = schedule("7,*/15 1-3,22 * * 3");
  const Millis start = at(2026, 11, 1, 0, 0);
  for (Millis now = start; now < start + 9 * 86'400'000; now += 60'000) {
    const Millis next = it.next_after(now);
    ASSERT_GT(next, now);
    ASSERT_EQ(it.latest_until(next), next);
    ASSERT_LE(it.latest_until(next - 1), now);
  }
}

TEST(CronSchedule, RefusesWithTheFieldThatIsWrong) {
  const std::pair<const char*, const char*> rows[] = {
      {"", "5 fields"},
      {"* * * *", "5 fields"},
      {"* * * * * *", "5 fields"},
      {"@never", "5 fields"},
      {"60 * * * *", "minute '60'"},
      {"* 24 * * *", "hour '24'"},
      {"* * 0 * *", "day of month '0'"},
      {"* * * 13 *", "month '13'"},
      {"* * * * 8", "day of week '8'"},
      {"* * * * mom", "day of week 'mom'"},
      {"5-1 * * * *", "minute '5-1'"},
      {"*/0 * * * *", "minute '*/0'"},
      {"1,,2 * * * *", "minute '1,,2'"},
      {"1-2-3 * * * *", "minute '1-2-3'"},
      {"1/2/3 * * * *", "minute '1/2/3'"},
      {"-1 * * * *", "minute '-1'"},
      {"0 0 30 2 *", "no month of it has"},
      {"0 0 31 4,6 *", "no month of it has"},
  };
  for (const auto& [text, says] : rows) {
    const auto parsed = CronSchedule::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
    EXPECT_THAT(parsed.error().message, HasSubstr(says));
  }
}

}  // namespace
}  // namespace penstock
