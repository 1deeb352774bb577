#include "runtime/bench/latency.h"

#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kMilli = 1'000'000;

Arrival arrival(double second, std::int64_t late_millis, std::uint16_t group,
                std::uint16_t subtask) {
  return {static_cast<std::int64_t>(second * kSecond), late_millis * kMilli, group, subtask};
}

TEST(Lateness, OnlyRowsOfMovedGroupsWithinASecondOfTheRescaleAreNear) {
  const std::vector<Rescaled> rescales = {
      {.from = 1, .to = 2, .began = 10 * kSecond, .ended = 10 * kSecond + 100 * kMilli}};
  const Lateness found = lateness(
      {
          arrival(9, 3, 7, 0), arrival(9, 4, 8, 0),  // before: both groups on subtask 0
          arrival(10.05, 40, 7, 0), arrival(10.05, 5, 8, 0), arrival(10.5, 30, 7, 1),
          arrival(10.5, 6, 8, 0),  // group 7 has moved
          arrival(11.2, 9, 7, 1),  // more than a second after the end
          arrival(12.2, 8, 7, 1),  // two seconds after it
      },
      rescales, 0);
  ASSERT_EQ(found.rescales.size(), 1u);
  EXPECT_EQ(found.rescales[0].moved_groups, 1u);
  EXPECT_EQ(found.rescales[0].millis, (std::vector<double>{40, 30}));
  EXPECT_EQ(found.far, (std::vector<double>{3, 4, 8}));
}

TEST(Lateness, WarmingUpDoesNotCount) {
  const Lateness found = lateness({arrival(1, 90, 1, 0), arrival(5, 2, 1, 0)}, {}, 4 * kSecond);
  EXPECT_EQ(found.far, std::vector<double>{2});
}

TEST(LatencySink, NotesSampledRowsThatWereDueWithTheirGroup) {
  ManualClock clock(0);
  clock.advance(std::chrono::milliseconds(100));
  LatencyLog log;
  const auto sink = make_latency_sink(log, 720, clock);
  const auto writer = sink->open({.subtask = {3}});
  ASSERT_TRUE(writer);
  const auto numbers = [](std::vector<std::int64_t> values) {
    ColumnBuilder builder(Type::of(TypeKind::kBigint));
    for (const std::int64_t value : values) builder.append_physical(value);
    return builder.finish();
  };
  const std::int64_t due = 90 * kMilli;
  auto kinds = allocate_values<RowKind>(4);
  kinds[0] = kinds[1] = kinds[2] = RowKind::kInsert;
  kinds[3] = RowKind::kUpdateBefore;
  Batch batch = Batch::of({numbers({16, 17, 32, 48}), numbers({due, due, 0, due})});
  batch.kinds = std::move(kinds);
  ASSERT_TRUE((*writer)->write(batch));
  const std::vector<Arrival> noted = log.arrivals();
  ASSERT_EQ(noted.size(), 1u);  // 17 is not sampled, 32 was never due, 48 is a retraction
  EXPECT_EQ(noted[0].at, 100 * kMilli);
  EXPECT_EQ(noted[0].late, 10 * kMilli);
  EXPECT_EQ(noted[0].subtask, 3);
}

}  // namespace
}  // namespace penstock::bench
