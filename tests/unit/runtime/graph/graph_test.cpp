#include "runtime/graph/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Type bigint() { return Type::of(TypeKind::kBigint); }
Type text() { return Type::of(TypeKind::kString); }

// source(k BIGINT, v DECIMAL(10,2), s STRING) -> calc -> group by k -> sink
StreamGraph counting() {
  const Schema schema{{{"k", bigint().not_null()}, {"v", Type::decimal(10, 2)}, {"s", text()}}};
  StreamGraph graph;
  graph.operators = {
      {.name = "source-t",
       .spec =
           SourceSpec{
               .table = "t", .connector = "datagen", .declared = schema, .columns = {0, 1, 2}},
       .output = schema},
      {.name = "calc-t", .spec = CalcSpec{}, .inputs = {{.from = {0}}}, .output = schema},
      {.name = "group-by-k",
       .spec = GroupAggregateSpec{.keys = {0},
                                  .aggregates = {{.function = AggregateFunction::kCount,
                                                  .type = bigint()},
                                                 {.function = AggregateFunction::kAvg,
                                                  .argument = 1,
                                                  .type = Type::decimal(38, 6)},
                                                 {.function = AggregateFunction::kCount,
                                                  .argument = 2,
                                                  .distinct = true,
                                                  .type = bigint()},
                                                 {.function = AggregateFunction::kMax,
                                                  .argument = 2,
                                                  .type = text()}}},
       .inputs = {{.from = {1}, .keyed = true, .keys = {0}}},
       .output = {{{"k", bigint()},
                   {"n", bigint()},
                   {"a", Type::decimal(38, 6)},
                   {"d", bigint()},
                   {"m", text()}}},
       .changelog = true},
      {.name = "sink-out",
       .spec = SinkSpec{.table = "out", .connector = "print"},
       .inputs = {{.from = {2}}}}};
  return graph;
}

TEST(Chains, FuseUntilAKeyedEdge) {
  const ChainPlan plan = plan_chains(counting());
  ASSERT_EQ(plan.chains.size(), 2u);
  EXPECT_THAT(plan.chains[0].operators, ElementsAre(OperatorId{0}, OperatorId{1}));
  EXPECT_THAT(plan.chains[1].operators, ElementsAre(OperatorId{2}, OperatorId{3}));
  EXPECT_THAT(plan.chain_of, ElementsAre(ChainId{0}, ChainId{0}, ChainId{1}, ChainId{1}));
}

TEST(Chains, BreakAtPinsOnBothSides) {
  StreamGraph graph = counting();
  graph.operators[0].pinned = Parallelism{1};
  EXPECT_EQ(plan_chains(graph).chains.size(), 3u);
  graph.operators[0].pinned.reset();
  graph.operators[3].pinned = Parallelism{1};
  EXPECT_EQ(plan_chains(graph).chains.size(), 3u);
}

TEST(Chains, BreakWhereASenderHasTwoConsumers) {
  StreamGraph graph = counting();
  graph.operators.push_back({.name = "sink-copy", .spec = SinkSpec{}, .inputs = {{.from = {1}}}});
  const ChainPlan plan = plan_chains(graph);
  EXPECT_EQ(plan.chains.size(), 3u);
  EXPECT_EQ(plan.chain_of[1], plan.chain_of[0]);
  EXPECT_NE(plan.chain_of[4], plan.chain_of[1]);
}

TEST(Chains, AUnionStartsAChainAndIsFollowed) {
  StreamGraph graph;
  graph.operators = {
      {.name = "a", .spec = SourceSpec{}},
      {.name = "b", .spec = SourceSpec{}},
      {.name = "union", .spec = UnionSpec{}, .inputs = {{.from = {0}}, {.from = {1}}}},
      {.name = "sink", .spec = SinkSpec{}, .inputs = {{.from = {2}}}}};
  EXPECT_THAT(plan_chains(graph).chain_of,
              ElementsAre(ChainId{0}, ChainId{1}, ChainId{2}, ChainId{2}));
}

TEST(StateShapes, OfAnAggregateNameGroupsAndDistincts) {
  const StreamGraph graph = counting();
  const std::vector<StateShape> shapes = state_shapes(graph, {2});
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes[0].state_name, "groups");
  EXPECT_THAT(shapes[0].key, ElementsAre(bigint()));
  EXPECT_THAT(shapes[0].value,
              ElementsAre(bigint(), bigint(), Type::decimal(38, 2), bigint(), bigint(), text()));
  EXPECT_EQ(shapes[1].state_name, "distinct-2");
  EXPECT_THAT(shapes[1].key, ElementsAre(bigint(), text()));
  EXPECT_THAT(shapes[1].value, ElementsAre(bigint()));
  EXPECT_THAT(state_shapes(graph, {1}), IsEmpty());
}

TEST(StateShapes, OfMaxOverAChangelogKeepValues) {
  StreamGraph graph = counting();
  graph.operators[1].changelog = true;
  ASSERT_TRUE(has_changelog_input(graph, {2}));
  const std::vector<StateShape> shapes = state_shapes(graph, {2});
  ASSERT_EQ(shapes.size(), 3u);
  EXPECT_EQ(shapes[2].state_name, "values-3");
}

TEST(StateShapes, OfAJoinAreTwoBags) {
  const Schema left{{{"id", bigint()}, {"name", text()}}};
  const Schema right{{{"seller", bigint()}}};
  StreamGraph graph;
  graph.operators = {{.name = "a", .spec = SourceSpec{}, .output = left},
                     {.name = "b", .spec = SourceSpec{}, .output = right},
                     {.name = "join",
                      .spec = JoinSpec{.left_keys = {0}, .right_keys = {0}},
                      .inputs = {{.from = {0}, .keyed = true, .keys = {0}},
                                 {.from = {1}, .keyed = true, .keys = {0}}}}};
  const std::vector<StateShape> shapes = state_shapes(graph, {2});
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes[0].state_name, "left");
  EXPECT_TRUE(shapes[0].bag);
  EXPECT_THAT(shapes[0].value, ElementsAre(bigint(), text()));
  EXPECT_EQ(shapes[1].state_name, "right");
  EXPECT_THAT(shapes[1].value, ElementsAre(bigint()));
}

TEST(StateMisfits, NoneForTheSameOrForNewState) {
  StreamGraph before = counting();
  EXPECT_THAT(state_misfits(before, before), IsEmpty());
  StreamGraph stateless = before;
  std::get<GroupAggregateSpec>(stateless.operators[2].spec).aggregates.resize(2);
  EXPECT_THAT(state_misfits(before, stateless),
              ElementsAre(HasSubstr("value was"), HasSubstr("distinct-2: gone")));
  EXPECT_THAT(state_misfits(StreamGraph{}, before), IsEmpty());
}

TEST(StateMisfits, NameWhatDiffers) {
  const StreamGraph before = counting();
  StreamGraph renamed = before;
  renamed.operators[2].name = "group-by-other";
  EXPECT_THAT(state_misfits(before, renamed), ElementsAre("operator group-by-k: gone"));

  StreamGraph retyped = before;
  retyped.operators[1].output.fields[0].type = text();
  EXPECT_THAT(
      state_misfits(before, retyped),
      ElementsAre(
          "operator group-by-k, state groups: key was (BIGINT), is (STRING)",
          "operator group-by-k, state distinct-2: key was (BIGINT, STRING), is (STRING, STRING)"));

  StreamGraph minimum = before;
  std::get<GroupAggregateSpec>(minimum.operators[2].spec).aggregates[3].function =
      AggregateFunction::kMin;
  EXPECT_THAT(state_misfits(before, minimum),
              ElementsAre(HasSubstr("aggregates were COUNT, AVG, COUNT(DISTINCT), MAX")));
}

TEST(StateMisfits, AnotherWindowIsAMisfit) {
  const auto windowed = [](Millis size) {
    StreamGraph graph = counting();
    WindowAggregateSpec spec;
    spec.window = {.size = size, .slide = size};
    spec.keys = {0};
    graph.operators[2].spec = spec;
    return graph;
  };
  EXPECT_THAT(state_misfits(windowed(10'000), windowed(10'000)), IsEmpty());
  EXPECT_THAT(state_misfits(windowed(10'000), windowed(20'000)),
              ElementsAre("operator group-by-k: window was TUMBLE(size 10s), is TUMBLE(size 20s)"));
}

TEST(Explain, ShowsChainsKeysStateAndChangelog) {
  StreamGraph graph = counting();
  graph.warnings = {"group-by-k keeps everything"};
  const std::string text = explain_text(graph);
  EXPECT_THAT(text, HasSubstr("chain 0\n  source-t    read t (datagen): k, v, s\n"));
  EXPECT_THAT(text, HasSubstr("COUNT(*), AVG(v), COUNT(DISTINCT s), MAX(s) by k <- calc-t [by k]; "
                              "state groups (BIGINT) -> "));
  EXPECT_THAT(text, HasSubstr("; changelog +I -U +U -D\n"));
  EXPECT_THAT(text, HasSubstr("warning: group-by-k keeps everything\n"));
}

TEST(Explain, JsonHoldsTheSame) {
  StreamGraph graph = counting();
  graph.name = "bad \xff bytes";
  const std::string text = explain_json(graph);
  EXPECT_THAT(text, HasSubstr("\"name\": \"group-by-k\""));
  EXPECT_THAT(text, HasSubstr("\"kind\": \"group-aggregate\""));
  EXPECT_THAT(text, HasSubstr("\"keys\": [\n"));
}

}  // namespace
}  // namespace penstock
