#include "runtime/state/spare_blocks.h"

#include <gtest/gtest.h>

#include <vector>

namespace penstock {
namespace {

TEST(SpareBlocks, GivesABlockOfTheSameSizeAgainAndNoOther) {
  SpareBlocks spare;
  SpareBlocks::Block block = spare.take(112);
  const std::byte* const where = block.get();
  spare.give_back(std::move(block), 112);
  const SpareBlocks::Block other = spare.take(208);
  EXPECT_NE(other.get(), where);
  const SpareBlocks::Block again = spare.take(112);
  EXPECT_EQ(again.get(), where);
  EXPECT_NE(spare.take(112).get(), where) << "it is taken";
}

// What is given back and not kept is freed: the address sanitizer would tell of a leak, and of a
// block that is kept and freed.
TEST(SpareBlocks, FreesWhatIsTooLargeOrTooMuch) {
  constexpr std::size_t kKept = 4 << 20;
  SpareBlocks spare;
  EXPECT_EQ(spare.bytes(), 0u);
  spare.give_back(spare.take(1 << 20), 1 << 20);
  EXPECT_EQ(spare.bytes(), 0u) << "larger than any that is kept";

  constexpr std::size_t kBlock = 16 * 1024;
  std::vector<SpareBlocks::Block> blocks;
  for (std::size_t i = 0; i < 2 * kKept / kBlock; ++i) blocks.push_back(spare.take(kBlock));
  for (SpareBlocks::Block& block : blocks) spare.give_back(std::move(block), kBlock);
  EXPECT_EQ(spare.bytes(), kKept);
  EXPECT_NE(spare.take(kBlock), nullptr);
  EXPECT_EQ(spare.bytes(), kKept - kBlock);
}

}  // namespace
}  // namespace penstock
