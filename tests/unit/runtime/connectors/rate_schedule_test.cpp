#include <gtest/gtest.h>

#include <numeric>

#include "runtime/connectors/rate_schedule.h"

namespace penstock {
namespace {

TEST(RateSchedule, AConstantRateSpreadsEventsEvenly) {
  const RateSchedule schedule = RateSchedule::constant(2000);
  EXPECT_EQ(schedule.time_of(0), 0);
  EXPECT_EQ(schedule.time_of(1), 0);
  EXPECT_EQ(schedule.time_of(2), 1);
  EXPECT_EQ(schedule.time_of(2'000'000), 1'000'000);
  EXPECT_EQ(schedule.events_by(-1), 0u);
  EXPECT_EQ(schedule.events_by(0), 2u);
  EXPECT_EQ(schedule.events_by(999), 2000u);
}

TEST(RateSchedule, StepsRepeat) {
  const RateSchedule schedule = RateSchedule::parse("2s:100,1s:0,1s:1000").value();
  EXPECT_EQ(schedule.time_of(199), 1990);
  EXPECT_EQ(schedule.time_of(200), 3000);  // after the pause
  EXPECT_EQ(schedule.time_of(1199), 3999);
  EXPECT_EQ(schedule.time_of(1200), 4000);  // the next cycle
  EXPECT_EQ(schedule.time_of(1200 * 100 + 200), 4000 * 100 + 3000);
  EXPECT_EQ(schedule.events_by(2500), 200u);
  EXPECT_EQ(schedule.events_by(3999), 1200u);
}

class RateScheduleLaw : public testing::TestWithParam<const char*> {};
TEST_P(RateScheduleLaw, CountsExactlyTheEventsThatHaveHappened) {
  const RateSchedule schedule = RateSchedule::parse(GetParam()).value();
  std::uint64_t event = 0;
  for (Millis time = 0; time < 20'000; ++time) {
    while (schedule.time_of(event) <= time) ++event;
    ASSERT_EQ(schedule.events_by(time), event) << time;
  }
}
TEST_P(RateScheduleLaw, ManyTimesAtOnceEqualOneByOne) {
  const RateSchedule schedule = RateSchedule::parse(GetParam()).value();
  std::vector<std::uint64_t> events(5000);
  for (std::uint64_t stride : {1u, 7u, 1000u}) {
    std::iota(events.begin(), events.end(), 12345u);
    for (auto& event : events) event *= stride;
    std::vector<std::int64_t> times(events.size());
    schedule.times_of(events, 77, times.data());
    for (std::size_t i = 0; i < events.size(); ++i)
      ASSERT_EQ(times[i], 77 + schedule.time_of(events[i])) << events[i];
  }
}
INSTANTIATE_TEST_SUITE_P(Table, RateScheduleLaw,
                         testing::Values("1s:1", "1s:7", "10s:333", "3s:1000,2s:1,1s:0,500ms:977",
                                         "20s:2,20s:12"));

TEST(RateSchedule, TimesStayExactForLargeNumbers) {
  const RateSchedule schedule = RateSchedule::constant(9'999'991);
  std::vector<std::uint64_t> events;
  for (std::uint64_t i = 0; i < 1000; ++i) events.push_back(100'000'000'000u + i * 9'999'990u);
  std::vector<std::int64_t> times(events.size());
  schedule.times_of(events, 0, times.data());
  for (std::size_t i = 0; i < events.size(); ++i)
    ASSERT_EQ(times[i], static_cast<std::int64_t>(events[i] * 1000 / 9'999'991));
}

TEST(RateSchedule, RefusesWhatIsNoSchedule) {
  for (const char* text : {"", "20s", "20s:", ":5", "20s:x", "20s:5,", "0s:5", "20s:-5", "20s:0",
                           "20:5", "20s:5000000000", "1ms:1"})
    EXPECT_FALSE(RateSchedule::parse(text)) << text;
}

}  // namespace
}  // namespace penstock
