#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/unit/runtime/sql/script.h"

namespace penstock::sql {
namespace {

using testing::ElementsAre;

StreamGraph query(int number) {
  std::stringstream text;
  for (const std::string& name : {std::string("tables"), "q" + std::to_string(number)})
    text << std::ifstream(PENSTOCK_SOURCE_DIR "/tests/golden/nexmark/" + name + ".sql").rdbuf();
  Compiled result = compile(text.str());
  EXPECT_TRUE(result.ok()) << "q" << number << ": " << result.error().to_string();
  return result.ok() ? result.graph() : StreamGraph{};
}

constexpr std::size_t kEventType = 0;
constexpr std::size_t kPerson = 1;
constexpr std::size_t kAuction = 2;
constexpr std::size_t kBid = 3;

TEST(Nexmark, Q0ReadsOnlyBidsAndTheirUsedFields) {
  const StreamGraph graph = query(0);
  EXPECT_EQ(names(graph), "source-nexmark calc-auction-bidder-price-more sink-nexmark-q0");
  const auto& source = spec<SourceSpec>(graph, "source-nexmark");
  EXPECT_THAT(source.columns, ElementsAre(kEventType, kBid));
  EXPECT_THAT(source.nested, ElementsAre(ElementsAre(), ElementsAre(0, 1, 2, 5, 6)));
  EXPECT_FALSE(source.watermark) << "nothing waits for event time";
  ASSERT_EQ(source.equals.size(), 1u);
  EXPECT_EQ(source.equals[0].first, kEventType);
  EXPECT_EQ(source.equals[0].second, Value{.is = std::int32_t{2}});
  const auto& calc = spec<CalcSpec>(graph, "calc-auction-bidder-price-more");
  EXPECT_EQ(calc.filter->to_string(), "$0 = 2");
  EXPECT_EQ(calc.projections[3].to_string(), "$1.dateTime") << "the CASE is decided by the filter";
  EXPECT_EQ(plan_chains(graph).chains.size(), 1u);
}

TEST(Nexmark, Q1MultipliesExactly) {
  const StreamGraph graph = query(1);
  EXPECT_EQ(
      node(graph, "calc-auction-bidder-price-more").output.fields[2].type.as_nullable().to_string(),
      "DECIMAL(23, 3)");
}

TEST(Nexmark, Q2FiltersInOneCalc) {
  EXPECT_EQ(names(query(2)), "source-nexmark calc-auction-price sink-nexmark-q2");
}

TEST(Nexmark, Q3JoinsAfterFilteringBothSides) {
  const StreamGraph graph = query(3);
  EXPECT_EQ(names(graph),
            "source-nexmark calc-id-seller calc-id-name-city-more join-seller-id "
            "calc-name-city-state-more sink-nexmark-q3");
  const auto& join = spec<JoinSpec>(graph, "join-seller-id");
  EXPECT_FALSE(join.window_end);
  EXPECT_FALSE(join.condition);
  EXPECT_EQ(node(graph, "join-seller-id").output.size(), 6u);
  EXPECT_FALSE(node(graph, "join-seller-id").changelog);
  EXPECT_TRUE(spec<SourceSpec>(graph, "source-nexmark").equals.empty())
      << "two uses want different rows";
}

TEST(Nexmark, Q5CountsOnceAndJoinsWithinTheWindow) {
  const StreamGraph graph = query(5);
  EXPECT_EQ(names(graph),
            "source-nexmark calc-auction-datetime window-by-auction window-group-all window-join "
            "calc-auction-num "
            "sink-nexmark-q5");
  const auto& source = spec<SourceSpec>(graph, "source-nexmark");
  EXPECT_TRUE(source.watermark);
  EXPECT_TRUE(source.equals.empty());
  EXPECT_THAT(source.columns, ElementsAre(kEventType, kPerson, kAuction, kBid));
  EXPECT_THAT(source.nested,
              ElementsAre(ElementsAre(), ElementsAre(6), ElementsAre(5), ElementsAre(0, 5)));
  const auto& window = spec<WindowAggregateSpec>(graph, "window-by-auction");
  EXPECT_EQ(window.window,
            (WindowSpec{
                .kind = WindowSpec::Kind::kHop, .size = 10'000, .slide = 2'000, .time_column = 1}));
  EXPECT_THAT(window.keys, ElementsAre(0));
  EXPECT_FALSE(window.emit_window_time);
  const auto& best = spec<AttachedWindowAggregateSpec>(graph, "window-group-all");
  EXPECT_EQ(best.aggregates[0].function, AggregateFunction::kMax);
  EXPECT_EQ(best.aggregates[0].argument, 1u);
  EXPECT_THAT(best.keys, ElementsAre(2, 3));
  EXPECT_EQ(best.window_end_column, 3u);
  const auto& join = spec<JoinSpec>(graph, "window-join");
  ASSERT_TRUE(join.window_end);
  EXPECT_EQ(join.window_end->left, 3u);
  EXPECT_EQ(join.window_end->right, 1u);
  EXPECT_EQ(join.condition->to_string(), "$1 >= $6");
  for (const OperatorNode& one : graph.operators) EXPECT_FALSE(one.changelog) << one.name;
}

TEST(Nexmark, Q8AggregatesBothSidesAndJoinsWithinTheWindow) {
  const StreamGraph graph = query(8);
  EXPECT_THAT(spec<WindowAggregateSpec>(graph, "window-by-id-name").keys, ElementsAre(0, 1));
  EXPECT_THAT(spec<WindowAggregateSpec>(graph, "window-by-seller").aggregates, ElementsAre());
  EXPECT_TRUE(spec<JoinSpec>(graph, "window-join-id-seller").window_end);
  EXPECT_TRUE(node(graph, "window-join-id-seller").inputs[0].keyed);
}

TEST(Nexmark, Q12WindowsByProcessingTime) {
  const StreamGraph graph = query(12);
  const auto& window = spec<WindowAggregateSpec>(graph, "window-by-bidder");
  EXPECT_TRUE(window.window.processing_time);
  const OperatorNode& counted = node(graph, "window-by-bidder");
  EXPECT_EQ(counted.output.fields[2].type.as_nullable(), Type::of(TypeKind::kTimestampLtz));
  EXPECT_FALSE(spec<SourceSpec>(graph, "source-nexmark").watermark);
  EXPECT_THAT(spec<SourceSpec>(graph, "source-nexmark").nested,
              ElementsAre(ElementsAre(), ElementsAre(1)));
}

TEST(Nexmark, PlansAreTheSameEachTime) {
  for (const int number : {0, 1, 2, 3, 5, 8, 12})
    EXPECT_EQ(explain_text(query(number)), explain_text(query(number)));
}

}  // namespace
}  // namespace penstock::sql
