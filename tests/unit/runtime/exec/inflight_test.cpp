#include "runtime/exec/inflight.h"

#include <gtest/gtest.h>

#include "runtime/exec/channel.h"

namespace penstock {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
constexpr std::int64_t kKiB = 1024, kMost = 4096 * kKiB;

TEST(InflightLimit, GoesHalfOfTheWayToFiftyMillisecondsOfWork) {
  struct Case {
    const char* what;
    std::int64_t limit;
    std::uint64_t bytes;
    Duration busy;
    std::int64_t next;
  };
  const Case cases[] = {
      {"20 MB/s: a million bytes", kMost, 200'000, milliseconds(10), (kMost + 1'000'000) / 2},
      {"there already", 1'000'000, 200'000, milliseconds(10), 1'000'000},
      {"grows as it shrinks", 500'000, 200'000, milliseconds(10), 750'000},
      {"not over the most", kMost, 100'000'000, milliseconds(10), kMost},
      {"not under the least", 64 * kKiB, 10, milliseconds(10), 64 * kKiB},
      {"nothing taken", 128 * kKiB, 0, milliseconds(10), 96 * kKiB},
      {"no time", 128 * kKiB, 100, Duration(0), 128 * kKiB},
  };
  for (const Case& is : cases)
    EXPECT_EQ(next_inflight_limit(is.limit, kMost, is.bytes, is.busy), is.next) << is.what;
  EXPECT_EQ(next_inflight_limit(1000, 1000, 10, milliseconds(10)), 1000) << "most under the least";
}

// A row of 8 bytes at 60 us each: 50 ms of them are under the least, so that far less than the
// 4 MiB of the beginning waits before a barrier. A receiver that is fast again gets it all back.
TEST(InflightMeter, ASlowReceiverEndsWithASmallLimitAndAFastOneWithTheMost) {
  InflightBudget budget(static_cast<std::size_t>(kMost));
  InflightMeter meter;
  int turns = 0;
  for (; budget.limit() > 65 * kKiB && turns < 1000; ++turns)
    meter.note(8192, microseconds(60) * 1024, budget);
  EXPECT_EQ(turns, 12);
  EXPECT_TRUE(budget.has_room(64 * kKiB));
  EXPECT_FALSE(budget.has_room(kMost / 4));
  for (turns = 0; budget.limit() < kMost - kKiB && turns < 1000; ++turns)
    meter.note(1 << 20, milliseconds(1), budget);
  EXPECT_LE(turns, 130);
}

TEST(InflightMeter, ShortTurnsAreMeasuredTogether) {
  InflightBudget budget(static_cast<std::size_t>(kMost));
  InflightMeter meter;
  for (int i = 0; i < 9; ++i) meter.note(0, milliseconds(1), budget);
  EXPECT_EQ(budget.limit(), kMost);
  meter.note(0, milliseconds(1), budget);
  EXPECT_LT(budget.limit(), kMost);
}

TEST(Channel, ALowerLimitRefusesWhatItTookBefore) {
  const auto budget = std::make_shared<InflightBudget>(std::size_t{1} << 20);
  Channel channel(std::make_shared<Waker>(), std::make_shared<Waker>(), budget);
  const auto batch = [] {
    ColumnBuilder builder(Type::of(TypeKind::kBigint));
    for (std::int64_t i = 0; i < 1000; ++i) builder.append_physical(i);
    return Batch::of({builder.finish()});
  };
  Batch first = batch(), second = batch(), third = batch();
  EXPECT_TRUE(channel.try_push(first));
  EXPECT_TRUE(channel.try_push(second));
  budget->set_limit(1000);
  EXPECT_FALSE(channel.try_push(third));
  channel.pop();
  channel.pop();
  EXPECT_EQ(budget->take_taken(), 16000);
  EXPECT_TRUE(channel.try_push(third)) << "one batch whatever the limit";
}

}  // namespace
}  // namespace penstock
