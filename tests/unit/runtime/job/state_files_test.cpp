#include "runtime/job/state_files.h"

#include <gtest/gtest.h>

#include "runtime/job/cpu_quota.h"

namespace penstock {
namespace {

StateBlock block(std::uint32_t group, std::string file, std::uint64_t offset, std::uint64_t size) {
  return {.operator_name = "count",
          .group = {group},
          .file = std::move(file),
          .offset = offset,
          .size = size};
}

TEST(CarryOver, ReplacesWhatWasWrittenAndKeepsTheRest) {
  const auto all = carry_over({block(1, "old", 0, 5), block(2, "old", 5, 5)},
                              {block(2, "new", 0, 6)}, {"count"});
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].file, "old");
  EXPECT_EQ(all[1].file, "new");
}

TEST(CarryOver, DropsOperatorsThatAreGone) {
  EXPECT_TRUE(carry_over({block(1, "old", 0, 5)}, {}, {"other"}).empty());
}

TEST(SparseBlocks, NamesTheLiveBlocksOfMostlyDeadFiles) {
  const std::vector<StateBlock> blocks{block(1, "dead", 0, 4), block(2, "live", 0, 6)};
  const auto sparse = sparse_blocks(blocks, {{"dead", 10}, {"live", 10}});
  ASSERT_EQ(sparse.size(), 1u);
  EXPECT_EQ(sparse[0].file, "dead");
}

TEST(SparseBlocks, TakesTheEndOfTheLastBlockWhereTheSizeIsNotKnown) {
  EXPECT_EQ(sparse_blocks({block(1, "file", 90, 10)}, {}).size(), 1u);
  EXPECT_TRUE(sparse_blocks({block(1, "file", 0, 10)}, {}).empty());
}

TEST(CpuQuota, ReadsBothKindsOfCgroup) {
  EXPECT_EQ(millis_of_cpu_max("150000 100000"), 1500u);
  EXPECT_EQ(millis_of_cpu_max("max 100000"), 0u);
  EXPECT_EQ(millis_of_cpu_max(""), 0u);
  EXPECT_EQ(millis_of_cfs("-1", "100000"), 0u);
  EXPECT_EQ(millis_of_cfs("50000", "100000"), 500u);
}

}  // namespace
}  // namespace penstock
