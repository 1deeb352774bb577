#include "operator/queue/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using namespace std::chrono_literals;

class WorkQueueTest : public testing::Test {
 protected:
  // Advances the clock until the timer has seen it: the timer thread may just be falling asleep.
  std::optional<std::string> take_after(Duration step) {
    clock_.advance(step);
    return queue_.take(stop_.get_token());
  }

  ManualClock clock_;
  metrics::Registry metrics_;
  WorkQueue queue_{"test", clock_, metrics_, Backoff{.initial = 1s, .max = 4s}};
  std::stop_source stop_;
};

TEST_F(WorkQueueTest, TakeWaitsForAnAdd) {
  std::jthread adder([&] { queue_.add("a"); });
  EXPECT_EQ(queue_.take(stop_.get_token()), "a");
}

TEST_F(WorkQueueTest, StopEndsAWaitingTake) {
  std::jthread stopper([&] { stop_.request_stop(); });
  EXPECT_EQ(queue_.take(stop_.get_token()), std::nullopt);
}

TEST_F(WorkQueueTest, ADelayedKeyIsReadyWhenItsTimeHasCome) {
  queue_.add_after("later", 10s);
  queue_.add_after("sooner", 5s);
  EXPECT_EQ(take_after(5s), "sooner");
  EXPECT_EQ(queue_.depth(), 0u);
  EXPECT_EQ(take_after(5s), "later");
}

TEST_F(WorkQueueTest, BackOffGrowsUntilForgotten) {
  queue_.add_after_failure("a");
  EXPECT_EQ(take_after(1s), "a");
  queue_.done("a");
  queue_.add_after_failure("a");
  clock_.advance(1s);
  EXPECT_EQ(queue_.depth(), 0u);
  EXPECT_EQ(take_after(1s), "a");
  queue_.done("a");
  queue_.forget("a");
  queue_.add_after_failure("a");
  EXPECT_EQ(take_after(1s), "a");
}

TEST_F(WorkQueueTest, ReportsDepthAndAddsUnderTheUsualNames) {
  queue_.add("a");
  queue_.add("b");
  const std::string text = metrics_.text();
  EXPECT_THAT(text, testing::HasSubstr("workqueue_depth{controller=\"test\",name=\"test\"} 2"));
  EXPECT_THAT(text,
              testing::HasSubstr("workqueue_adds_total{controller=\"test\",name=\"test\"} 2"));
}

}  // namespace
}  // namespace penstock
