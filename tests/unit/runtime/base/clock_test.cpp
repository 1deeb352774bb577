#include "runtime/base/clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, StandsStillUntilAdvanced) {
  ManualClock clock(1000);
  EXPECT_EQ(clock.now(), 1000);
  clock.advance(5s);
  EXPECT_EQ(clock.now(), 6000);
  EXPECT_EQ(clock.monotonic(), Duration(5s));
}

TEST(ManualClock, ASleeperWakesWhenItsTimeHasCome) {
  ManualClock clock;
  std::atomic<bool> slept_to_the_end{false};
  {
    std::jthread sleeper([&](const std::stop_token& stop) {
      const Duration until = 10s - clock.monotonic();
      slept_to_the_end = until <= Duration(0) || clock.sleep(until, stop);
    });
    clock.advance(10s);
    clock.advance(10s);
    sleeper.join();
  }
  EXPECT_TRUE(slept_to_the_end);
}

TEST(Clocks, AStopRequestEndsTheSleepAtOnce) {
  SystemClock system;
  ManualClock manual;
  for (Clock* clock : {static_cast<Clock*>(&system), static_cast<Clock*>(&manual)}) {
    bool slept_to_the_end = true;
    std::jthread sleeper(
        [&](const std::stop_token& stop) { slept_to_the_end = clock->sleep(1h, stop); });
    sleeper.request_stop();
    sleeper.join();
    EXPECT_FALSE(slept_to_the_end);
  }
}

TEST(Rfc3339, IsUtcWithMilliseconds) {
  EXPECT_EQ(to_rfc3339(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339(1357016400123), "2013-01-01T05:00:00.123Z");
}

}  // namespace
}  // namespace penstock
