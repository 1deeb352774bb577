#include "operator/queue/queue_state.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(QueueState, DuplicatesCollapseAndOrderIsFirstInFirstOut) {
  QueueState state{Backoff{}};
  EXPECT_TRUE(state.add("a", 0s));
  EXPECT_TRUE(state.add("b", 0s));
  EXPECT_FALSE(state.add("a", 0s));
  EXPECT_EQ(state.take()->key, "a");
  EXPECT_EQ(state.take()->key, "b");
  EXPECT_FALSE(state.take());
}

TEST(QueueState, AddWhileProcessingRunsAgainAfterDoneAndNotBefore) {
  QueueState state{Backoff{}};
  state.add("a", 0s);
  state.take();
  state.add("a", 0s);
  EXPECT_FALSE(state.take());
  state.done("a", 1s);
  const auto again = state.take();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->added, 1s);
  state.done("a", 2s);
  EXPECT_FALSE(state.take());
}

TEST(QueueState, ADelayedKeyKeepsItsEarliestDueTime) {
  QueueState state{Backoff{}};
  state.add_at("a", 5s);
  state.add_at("a", 3s);
  state.add_at("a", 9s);
  EXPECT_EQ(state.next_due(), Duration(3s));
  state.advance(2s);
  EXPECT_EQ(state.depth(), 0u);
  state.advance(3s);
  EXPECT_EQ(state.depth(), 1u);
  EXPECT_EQ(state.waiting(), 0u);
}

TEST(QueueState, BackOffDoublesUpToItsMaximumUntilForgotten) {
  QueueState state{Backoff{.initial = 1s, .max = 5s}};
  EXPECT_EQ(state.add_after_failure("a", 0s), 1s);
  EXPECT_EQ(state.add_after_failure("a", 0s), 2s);
  EXPECT_EQ(state.add_after_failure("a", 0s), 4s);
  EXPECT_EQ(state.add_after_failure("a", 0s), 5s);
  state.forget("a");
  EXPECT_EQ(state.add_after_failure("a", 0s), 1s);
}

TEST(Backoff, NeverOverflows) { EXPECT_EQ(Backoff{}.after(4'000'000'000u), 1000s); }

}  // namespace
}  // namespace penstock
