#include "runtime/exec/alignment.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using Sequence = std::optional<std::uint64_t>;

TEST(Alignment, CompletesWhenEveryInputIsAtTheBarrier) {
  Alignment alignment(0);
  const auto a = alignment.add_input(), b = alignment.add_input();
  alignment.on_barrier(a, 1);
  EXPECT_TRUE(alignment.closed(a));
  EXPECT_FALSE(alignment.closed(b));
  EXPECT_EQ(alignment.complete(), Sequence());
  alignment.on_barrier(b, 1);
  EXPECT_EQ(alignment.complete(), Sequence(1));
  alignment.release();
  EXPECT_FALSE(alignment.closed(a));
  EXPECT_EQ(alignment.complete(), Sequence());
}

TEST(Alignment, DoesNotWaitForInputsThatHaveEnded) {
  Alignment alignment(0);
  const auto a = alignment.add_input(), b = alignment.add_input();
  alignment.on_barrier(a, 1);
  alignment.on_end(b);
  EXPECT_EQ(alignment.complete(), Sequence(1));
  alignment.release();
  EXPECT_TRUE(alignment.closed(b));
  EXPECT_TRUE(alignment.ended(b));
}

TEST(Alignment, WithoutOpenInputsTakesAnnouncedBarriersInOrder) {
  Alignment alignment(0);
  alignment.announce(1);
  alignment.announce(2);
  EXPECT_EQ(alignment.complete(), Sequence(1));
  alignment.release();
  EXPECT_EQ(alignment.complete(), Sequence(2));
  alignment.release();
  EXPECT_EQ(alignment.complete(), Sequence());
}

TEST(Alignment, AnAnnouncedBarrierWaitsForOpenInputs) {
  Alignment alignment(0);
  const auto a = alignment.add_input();
  alignment.announce(1);
  EXPECT_EQ(alignment.complete(), Sequence());
  alignment.on_end(a);
  EXPECT_EQ(alignment.complete(), Sequence(1));
}

TEST(Alignment, IgnoresAnAnnouncementThatTheChannelsOvertook) {
  Alignment alignment(0);
  const auto a = alignment.add_input();
  alignment.on_barrier(a, 1);
  alignment.release();
  alignment.announce(1);
  alignment.on_end(a);
  EXPECT_EQ(alignment.complete(), Sequence());
}

TEST(Alignment, ANewSubtaskIsBehindTheBarrierThatMadeIt) {
  Alignment alignment(7);
  alignment.announce(7);
  EXPECT_EQ(alignment.complete(), Sequence());
  alignment.announce(8);
  EXPECT_EQ(alignment.complete(), Sequence(8));
}

TEST(Alignment, KeepsWhatItKnowsOfTheInputsThatStay) {
  Alignment alignment(0);
  const auto a = alignment.add_input(), b = alignment.add_input();
  alignment.on_end(b);
  static_cast<void>(a);
  alignment.keep_only({b});
  EXPECT_EQ(alignment.inputs(), 1u);
  EXPECT_TRUE(alignment.all_ended());
}

}  // namespace
}  // namespace penstock
