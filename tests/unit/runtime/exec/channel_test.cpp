#include "runtime/exec/channel.h"

#include <gtest/gtest.h>

#include <thread>

namespace penstock {
namespace {

Batch numbers(std::size_t rows) {
  ColumnBuilder builder(Type::of(TypeKind::kBigint));
  for (std::size_t i = 0; i < rows; ++i) builder.append_physical(static_cast<std::int64_t>(i));
  return Batch::of({builder.finish()});
}

struct Ends {
  std::shared_ptr<Waker> sender = std::make_shared<Waker>();
  std::shared_ptr<Waker> receiver = std::make_shared<Waker>();
  std::shared_ptr<InflightBudget> budget;
  explicit Ends(std::size_t bytes) : budget(std::make_shared<InflightBudget>(bytes)) {}
  std::unique_ptr<Channel> channel() const {
    return std::make_unique<Channel>(sender, receiver, budget);
  }
};

TEST(Channel, TakesOneBatchWhateverTheOthersHold) {
  Ends ends(1);
  const auto first = ends.channel(), second = ends.channel();
  Batch a = numbers(10), b = numbers(10), c = numbers(10);
  EXPECT_TRUE(first->try_push(a));
  EXPECT_FALSE(first->try_push(b));
  EXPECT_EQ(b.rows(), 10u) << "a refused batch is untouched";
  EXPECT_TRUE(second->try_push(c));
}

TEST(Channel, ControlEventsExceedTheCapacity) {
  Ends ends(1);
  const auto channel = ends.channel();
  Batch batch = numbers(10);
  EXPECT_TRUE(channel->try_push(batch));
  channel->push_control(Watermark{5});
  EXPECT_TRUE(std::holds_alternative<Batch>(*channel->pop()));
  EXPECT_EQ(std::get<Watermark>(*channel->pop()).time, 5);
  EXPECT_FALSE(channel->pop());
}

TEST(Channel, WhatWaitsInABlockedOneLeavesTheBudgetToTheOthers) {
  Ends ends(200);
  const auto blocked = ends.channel(), open = ends.channel();
  Batch large = numbers(20), first = numbers(10), second = numbers(10);
  EXPECT_TRUE(blocked->try_push(large));
  EXPECT_TRUE(open->try_push(first));
  EXPECT_FALSE(open->try_push(second));
  blocked->block();
  EXPECT_TRUE(open->try_push(second));
  blocked->unblock();
  while (blocked->pop()) {
  }
  while (open->pop()) {
  }
  EXPECT_EQ(ends.budget->used(), 0);
}

TEST(Channel, KeepsTheOrderBetweenTwoThreads) {
  Ends ends(1 << 20);
  const auto channel = ends.channel();
  constexpr Millis kEvents = 20'000;
  std::jthread sender([&] {
    for (Millis i = 0; i < kEvents; ++i) channel->push_control(Watermark{i});
  });
  for (Millis i = 0; i < kEvents;) {
    const auto event = channel->pop();
    if (!event) continue;
    ASSERT_EQ(std::get<Watermark>(*event).time, i);
    ++i;
  }
}

}  // namespace
}  // namespace penstock
