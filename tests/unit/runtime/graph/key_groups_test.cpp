#include "runtime/graph/key_groups.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/base/random.h"

namespace penstock {
namespace {

std::vector<double> loads_of(const KeyGroupTable& table, const std::vector<double>& load) {
  std::vector<double> loads(table.parallelism().value);
  for (std::uint32_t group = 0; group < table.groups(); ++group)
    loads[table.owner_of({group}).value] += load.empty() ? 1 : load[group];
  return loads;
}

double spread(const std::vector<double>& loads) {
  const auto [least, most] = std::minmax_element(loads.begin(), loads.end());
  return *most - *least;
}

TEST(KeyGroup, UsesAllGroupsEvenly) {
  constexpr std::uint32_t kGroups = 720;
  std::vector<int> hits(kGroups);
  Random random(1);
  for (int i = 0; i < 720'000; ++i) ++hits[key_group_of(random.next(), kGroups).value];
  const auto [least, most] = std::minmax_element(hits.begin(), hits.end());
  EXPECT_GT(*least, 800);
  EXPECT_LT(*most, 1200);
  EXPECT_EQ(key_group_of(0, kGroups).value, 0u);
  EXPECT_EQ(key_group_of(UINT64_MAX, kGroups).value, kGroups - 1);
}

TEST(KeyGroupTable, EvenIsContiguousAndWithinOneGroup) {
  for (const std::uint32_t parallelism : {1u, 2u, 7u, 8u, 719u, 720u}) {
    const KeyGroupTable table = KeyGroupTable::even(720, {parallelism});
    EXPECT_TRUE(std::is_sorted(table.owners().begin(), table.owners().end()));
    EXPECT_LE(spread(loads_of(table, {})), 1) << parallelism;
  }
}

TEST(KeyGroupTable, RefusesAnOwnerBeyondTheParallelism) {
  EXPECT_TRUE(KeyGroupTable::of({0, 1}, {2}, 3));
  const auto bad = KeyGroupTable::of({0, 2}, {2}, 3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::kInvalid);
  EXPECT_FALSE(KeyGroupTable::of({}, {2}, 3));
}

TEST(PlanTable, MovesAsFewGroupsAsPossibleForAnyNToM) {
  for (std::uint32_t from = 1; from <= 16; ++from) {
    for (std::uint32_t to = 1; to <= 16; ++to) {
      const KeyGroupTable current = KeyGroupTable::even(720, {from});
      const TablePlan plan = plan_table(current, {to}, {});
      EXPECT_EQ(plan.table.version(), current.version() + 1);
      EXPECT_EQ(plan.table.parallelism().value, to);
      EXPECT_LE(spread(loads_of(plan.table, {})), 1) << from << " -> " << to;
      // What subtasks that stay may keep, at best: an even share each.
      std::vector<double> had = loads_of(current, {});
      had.resize(std::min(from, to));
      std::sort(had.rbegin(), had.rend());
      std::size_t kept = 0;
      for (std::uint32_t i = 0; i < std::min(from, to); ++i)
        kept += std::min<std::size_t>(static_cast<std::size_t>(had[i]),
                                      720 / to + (i < 720 % to ? 1 : 0));
      EXPECT_EQ(current.moves_to(plan.table).size(), 720 - kept) << from << " -> " << to;
    }
  }
}

TEST(PlanTable, StaysBalancedOverManyChanges) {
  Random random(7);
  KeyGroupTable table = KeyGroupTable::even(720, {1});
  for (int i = 0; i < 100; ++i) {
    table = plan_table(table, {static_cast<std::uint32_t>(1 + random.below(16))}, {}).table;
    EXPECT_LE(spread(loads_of(table, {})), 1);
  }
  EXPECT_EQ(table.version(), 100u);
}

TEST(PlanTable, MovesHotGroupsAtEqualParallelism) {
  const KeyGroupTable current = KeyGroupTable::even(8, {2});
  const std::vector<double> load{100, 100, 100, 100, 1, 1, 1, 1};
  const TablePlan plan = plan_table(current, {2}, load);
  const std::vector<double> loads = loads_of(plan.table, load);
  EXPECT_EQ(current.moves_to(plan.table).size(), 2u);
  EXPECT_LE(spread(loads), 4) << loads[0] << " " << loads[1];
  EXPECT_NE(plan.reason.find("rebalance from 2 to 2 subtasks: 2 of 8 key groups move"),
            std::string::npos)
      << plan.reason;
}

TEST(PlanTable, LeavesAnUnmovableHotGroupAlone) {
  const std::vector<double> load{1000, 1, 1, 1, 1, 1, 1, 1};
  const TablePlan first = plan_table(KeyGroupTable::even(8, {1}), {2}, load);
  const TablePlan second = plan_table(first.table, {2}, load);
  EXPECT_TRUE(first.table.moves_to(second.table).empty()) << second.reason;
  EXPECT_LE(spread(loads_of(first.table, load)), 1001);
}

TEST(PlanTable, BalancesRandomLoadsWithinOneGroup) {
  const std::uint64_t seed = 20130101;
  SCOPED_TRACE(seed);
  Random random(seed);
  for (int round = 0; round < 200; ++round) {
    const auto from = static_cast<std::uint32_t>(1 + random.below(8));
    const auto to = static_cast<std::uint32_t>(1 + random.below(8));
    std::vector<double> load(720);
    for (double& one : load) one = 1 + random.unit() * 10;
    const KeyGroupTable current = KeyGroupTable::even(720, {from});
    const TablePlan plan = plan_table(current, {to}, load);
    EXPECT_LE(spread(loads_of(plan.table, load)), 2 * 11) << from << " -> " << to;
  }
}

TEST(PlanTable, ShrinksToOneSubtask) {
  const TablePlan plan =
      plan_table(KeyGroupTable::even(720, {8}), {1}, std::vector<double>(720, 3.0));
  EXPECT_EQ(plan.table, KeyGroupTable::of(std::vector<std::uint32_t>(720, 0), {1}, 1).value());
  EXPECT_NE(plan.reason.find("shrink from 8 to 1 subtasks: 630 of 720"), std::string::npos)
      << plan.reason;
}

TEST(PlanTable, GivesGroupsWithoutRowsAnOwnerEach) {
  std::vector<double> load(16, 0.0);
  load[0] = load[1] = 5;
  const TablePlan plan = plan_table(KeyGroupTable::even(16, {1}), {2}, load);
  EXPECT_EQ(spread(loads_of(plan.table, load)), 0);
  EXPECT_LE(spread(loads_of(plan.table, {})), 8);
}

}  // namespace
}  // namespace penstock
