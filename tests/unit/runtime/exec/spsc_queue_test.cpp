#include "runtime/exec/spsc_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace penstock {
namespace {

TEST(SpscQueue, GivesValuesInTheirOrderAndForgetsThem) {
  SpscQueue<std::shared_ptr<int>> queue;
  EXPECT_EQ(queue.front(), nullptr);
  const auto value = std::make_shared<int>(7);
  for (int round = 0; round < 3; ++round) {  // the nodes of one round serve the next
    for (int i = 0; i < 5; ++i) queue.push(value);
    EXPECT_EQ(value.use_count(), 6);
    for (int i = 0; i < 5; ++i) {
      ASSERT_NE(queue.front(), nullptr);
      EXPECT_EQ(queue.pop(), value);
    }
    EXPECT_EQ(queue.front(), nullptr);
    EXPECT_EQ(value.use_count(), 1) << "a node that waits holds nothing";
  }
  queue.push(value);
}

TEST(SpscQueue, ReachesAnotherThreadWholeAndInOrder) {
  constexpr int kValues = 200'000;
  SpscQueue<std::unique_ptr<int>> queue;
  std::jthread producer([&] {
    for (int i = 0; i < kValues; ++i) queue.push(std::make_unique<int>(i));
  });
  for (int i = 0; i < kValues; ++i) {
    while (queue.front() == nullptr) std::this_thread::yield();
    ASSERT_EQ(*queue.pop(), i);
  }
}

}  // namespace
}  // namespace penstock
