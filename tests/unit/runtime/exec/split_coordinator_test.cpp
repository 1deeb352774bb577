#include "runtime/exec/split_coordinator.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

class NamedSplits final : public Source {
 public:
  std::vector<std::string> names{"a", "b", "c", "d"};
  bool bounded() const override { return true; }
  Result<std::vector<Split>> discover() override {
    std::vector<Split> splits;
    for (const std::string& name : names) splits.push_back({.id = name});
    return splits;
  }
  Result<std::unique_ptr<SplitReader>> open(const Split&) override {
    return Error{Code::kInternal, "not opened here"};
  }
};

std::unique_ptr<SplitCoordinator> coordinator(NamedSplits& source, bool watermark,
                                              std::uint32_t subtasks,
                                              std::vector<Split> restored = {}) {
  auto made = SplitCoordinator::make(
      {.source = source, .has_watermark = watermark, .subtasks = {subtasks}}, std::move(restored));
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(SplitCoordinator, HandsOutAllEvenlyWhenThereIsAWatermark) {
  NamedSplits source;
  const auto splits = coordinator(source, true, 2);
  EXPECT_EQ(splits->take({0}, 0, 0, false)->split.id, "a");
  EXPECT_EQ(splits->take({0}, 0, 1, false)->split.id, "b");
  EXPECT_FALSE(splits->take({0}, 0, 2, false)) << "two of four are its share";
  EXPECT_EQ(splits->take({1}, 0, 0, false)->split.id, "c");
}

TEST(SplitCoordinator, HandsOutOneAtATimeWithoutAWatermark) {
  NamedSplits source;
  const auto splits = coordinator(source, false, 2);
  EXPECT_TRUE(splits->take({0}, 0, 0, false));
  EXPECT_FALSE(splits->take({0}, 0, 1, false));
}

TEST(SplitCoordinator, GivesRecordedSplitsTheirPlaceAndForgetsFinishedOnes) {
  NamedSplits source;
  const auto splits =
      coordinator(source, false, 1, {{.id = "a", .finished = true}, {.id = "c", .position = "17"}});
  const auto held = splits->take({0}, 0, 0, true);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->split.position, "17");
  EXPECT_FALSE(splits->take({0}, 0, 1, true));
  EXPECT_EQ(splits->take_finished(0).size(), 1u);
  EXPECT_EQ(splits->take({0}, 0, 0, false)->split.id, "b");
  EXPECT_EQ(splits->take({0}, 0, 0, false)->split.id, "d");
}

TEST(SplitCoordinator, HoldsTheWatermarkBackForSplitsThatNobodyHasBegun) {
  NamedSplits source;
  const auto splits = coordinator(source, true, 1);
  auto held = std::move(*splits->take({0}, 0, 0, false));
  held.split.watermark = 100;
  splits->finish(held);
  EXPECT_EQ(splits->watermark(), kNoWatermark);
}

TEST(SplitCoordinator, EndsWhenAllAreFinished) {
  NamedSplits source;
  source.names = {"a"};
  const auto splits = coordinator(source, true, 1);
  auto held = std::move(*splits->take({0}, 0, 0, false));
  EXPECT_FALSE(splits->ended());
  splits->finish(held);
  EXPECT_TRUE(splits->ended());
  EXPECT_EQ(splits->watermark(), kEndOfTime);
}

TEST(SplitCoordinator, MovesASplitOnlyToASubtaskBehindTheSameBarrier) {
  NamedSplits source;
  const auto splits = coordinator(source, true, 2);
  std::vector<HeldSplit> held;
  held.push_back(std::move(*splits->take({1}, 0, 0, false)));
  held.push_back(std::move(*splits->take({1}, 0, 1, false)));
  splits->begin_rescale({1});
  EXPECT_EQ(splits->allowance({1}), 0u);
  splits->pass_rescale(1, std::move(held), {});
  EXPECT_FALSE(splits->settled());
  EXPECT_FALSE(splits->take({0}, 0, 0, true));
  splits->pass_rescale(1, {}, {});
  EXPECT_TRUE(splits->take({0}, 1, 0, true));
  EXPECT_TRUE(splits->take({0}, 1, 1, true));
  EXPECT_TRUE(splits->settled());
}

// Else an old subtask's watermark or end, sent before its barrier, could follow from rows in a
// channel that the receiver takes up only after it: those would come too late.
TEST(SplitCoordinator, GivesNewSubtasksNothingUntilEveryOldOneHasPassedTheBarrier) {
  NamedSplits source;
  const auto splits = coordinator(source, true, 2);
  splits->begin_rescale({3});
  EXPECT_FALSE(splits->take({2}, 1, 0, false));
  splits->pass_rescale(1, {}, {});
  EXPECT_FALSE(splits->take({2}, 1, 0, false));
  const std::uint64_t changes = splits->changes();
  splits->pass_rescale(1, {}, {});
  EXPECT_GT(splits->changes(), changes);
  EXPECT_TRUE(splits->take({2}, 1, 0, false));
}

}  // namespace
}  // namespace penstock
