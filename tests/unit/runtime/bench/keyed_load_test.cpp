#include "runtime/bench/keyed_load.h"

#include <gtest/gtest.h>

#include <set>

namespace penstock::bench {
namespace {

const KeyedLoad kLoad{.keys = 1000, .rows_per_second = 3000, .splits = 3};

TEST(KeyedLoad, FirstComesEveryKeyOnceThenRowsAtTheirPace) {
  ManualClock clock(1'000'000);
  clock.advance(std::chrono::seconds(5));
  const auto source = make_keyed_load(kLoad, clock);
  const auto splits = source->discover();
  ASSERT_TRUE(splits);
  ASSERT_EQ(splits->size(), 3u);
  std::set<std::int64_t> keys;
  std::size_t filled = 0, paced = 0;
  for (const Split& split : *splits) {
    auto reader = source->open(split);
    ASSERT_TRUE(reader);
    for (;;) {
      auto read = (*reader)->read(100);
      ASSERT_TRUE(read);
      if (read->batch.empty()) break;  // from now on it follows the clock
      for (const std::int64_t key : read->batch.columns[0].values<std::int64_t>()) keys.insert(key);
      for (const std::int64_t due : read->batch.columns[1].values<std::int64_t>())
        EXPECT_EQ(due, 0);
      filled += read->batch.rows();
    }
    clock.advance(std::chrono::milliseconds(50));
    EXPECT_EQ((*reader)->rows_behind(), 50u);  // 1000 rows a second
    auto read = (*reader)->read(100);
    ASSERT_TRUE(read);
    paced += read->batch.rows();
    const auto due = read->batch.columns[1].values<std::int64_t>();
    for (std::size_t i = 1; i < due.size(); ++i) EXPECT_EQ(due[i] - due[i - 1], 1'000'000);
    EXPECT_LE(due.back(), clock.monotonic().count());
  }
  EXPECT_EQ(filled, 1000u);
  EXPECT_EQ(keys.size(), 1000u);
  EXPECT_EQ(*keys.rbegin(), 999);
  EXPECT_EQ(paced, 150u);
}

TEST(KeyedLoad, APositionGoesOnWhereItWasTaken) {
  ManualClock clock(1'000'000);
  const auto source = make_keyed_load(kLoad, clock);
  auto reader = source->open({.id = "1/3"});
  ASSERT_TRUE(reader);
  ASSERT_TRUE((*reader)->read(40));
  auto next = source->open({.id = "1/3", .position = (*reader)->position()});
  ASSERT_TRUE(next);
  EXPECT_EQ((*next)->read(1)->batch.columns[0].values<std::int64_t>()[0], 1 + 40 * 3);
  EXPECT_EQ(source->open({.id = "1/4"}).error().code, Code::kCorrupt);
}

TEST(KeyedLoad, BehindTheFirstRoundOnlyTheChangingKeysCome) {
  const auto changing = keys_of_groups(1000, 720, 0.05);
  ASSERT_GT(changing.size(), 20u);
  ASSERT_LT(changing.size(), 90u);
  KeyedLoad load = kLoad;
  load.splits = 1;
  load.changing = &changing;
  ManualClock clock(1'000'000);
  clock.advance(std::chrono::seconds(5));
  const auto source = make_keyed_load(load, clock);
  auto reader = source->open({.id = "0/1"});
  ASSERT_TRUE(reader);
  ASSERT_EQ((*reader)->read(1000)->batch.rows(), 1000u);
  ASSERT_TRUE((*reader)->read(1));  // the pace begins
  clock.advance(std::chrono::milliseconds(100));
  const auto read = (*reader)->read(1000);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->batch.rows(), 300u);
  const std::set<std::int64_t> known(changing.begin(), changing.end());
  for (const std::int64_t key : read->batch.columns[0].values<std::int64_t>())
    EXPECT_TRUE(known.contains(key)) << key;
}

}  // namespace
}  // namespace penstock::bench
