#include "runtime/exec/operators/group_aggregate.h"

#include <gtest/gtest.h>

#include "tests/unit/runtime/exec/operators/aggregate_model.h"

namespace penstock {
namespace {

OperatorPlan plan_of(const std::vector<std::size_t>& keys, const std::vector<AggregateCall>& calls,
                     bool changelog) {
  return OperatorPlan::of(GroupAggregateSpec{.keys = keys, .aggregates = calls}, {model_schema()},
                          output_schema(keys, calls), {keys}, changelog);
}

struct Case {
  const char* name;
  std::vector<std::size_t> keys;
  bool changelog = false;
  std::size_t batch = 1;
  int rows = 0;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class GroupAggregateModel : public testing::TestWithParam<Case> {};

TEST_P(GroupAggregateModel, AgreesWithARowByRowModelThroughMovesAndRestores) {
  const Case& c = GetParam();
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<AggregateCall> calls = model_calls();
    const OperatorPlan plan = plan_of(c.keys, calls, c.changelog);
    OperatorDriver driver(plan, seed, 2);
    std::vector<Row> alive;
    for (int fed = 0; fed < c.rows;) {
      std::vector<Row> batch;
      for (; batch.size() < c.batch && fed < c.rows; ++fed) {
        if (c.changelog && !alive.empty() && random.below(5) < 2) {
          const std::size_t gone = random.below(alive.size());
          batch.push_back({alive[gone].values,
                           random.below(2) == 0 ? RowKind::kDelete : RowKind::kUpdateBefore});
          alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(gone));
        } else {
          alive.push_back(model_row(random, 12, 0));
          batch.push_back({alive.back().values, c.changelog && random.below(2) == 0
                                                    ? RowKind::kUpdateAfter
                                                    : RowKind::kInsert});
        }
      }
      driver.feed(0, batch);
      if (random.below(8) == 0) driver.move_groups();
      if (random.below(20) == 0) driver.restore(1 + random.below(3));
      if (random.below(8) == 0) driver.freeze();
      if (random.below(10) == 0) {
        ASSERT_EQ(driver.output(), model_groups(c.keys, calls, alive));
      }
    }
    ASSERT_EQ(driver.output(), model_groups(c.keys, calls, alive));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, GroupAggregateModel,
    testing::Values(Case{.name = "inserts one by one", .keys = {0, 1}, .batch = 1, .rows = 500},
                    Case{.name = "inserts in batches", .keys = {1, 0}, .batch = 100, .rows = 2500},
                    Case{.name = "one bigint key", .keys = {0}, .batch = 100, .rows = 2500},
                    Case{.name = "without keys", .keys = {}, .batch = 10, .rows = 600},
                    Case{.name = "changelog one by one",
                         .keys = {0},
                         .changelog = true,
                         .batch = 1,
                         .rows = 800},
                    Case{.name = "changelog in batches",
                         .keys = {0, 1},
                         .changelog = true,
                         .batch = 100,
                         .rows = 2500},
                    Case{.name = "changelog without keys",
                         .keys = {},
                         .changelog = true,
                         .batch = 10,
                         .rows = 600}));

std::vector<Row> counts(std::initializer_list<std::int64_t> keys, RowKind kind = RowKind::kInsert) {
  std::vector<Row> rows;
  for (const std::int64_t key : keys) {
    Row row{.values = std::vector<Value>(model_schema().size()), .kind = kind};
    row.values[0] = Value{key};
    row.values[3] = Value{key * 10};
    rows.push_back(row);
  }
  return rows;
}

std::string kinds_text(const std::vector<Row>& rows, std::size_t from) {
  std::string text;
  for (std::size_t i = from; i < rows.size(); ++i) {
    constexpr const char* kNames[] = {"+I", "-U", "+U", "-D"};
    text +=
        std::string(kNames[static_cast<int>(rows[i].kind)]) + " " + text_of(rows[i].values) + "  ";
  }
  return text;
}

TEST(GroupAggregate, EmitsOnlyTheLastChangeOfAKeyPerBatch) {
  const OperatorPlan plan = plan_of({0}, {call_of("COUNT", AggregateFunction::kCount, {})}, true);
  OperatorDriver driver(plan, 1, 1);
  driver.feed(0, counts({7, 8, 7, 7}));
  EXPECT_EQ(kinds_text(driver.rows(), 0), "+I 7|3|  +I 8|1|  ");
  driver.feed(0, counts({8, 8}));
  EXPECT_EQ(kinds_text(driver.rows(), 2), "-U 8|1|  +U 8|3|  ");
  driver.feed(0, counts({7, 7, 7}, RowKind::kDelete));
  EXPECT_EQ(kinds_text(driver.rows(), 4), "-D 7|3|  ");
}

TEST(GroupAggregate, SaysNothingWhenNoResultChanges) {
  const OperatorPlan plan = plan_of({0}, {call_of("MAX", AggregateFunction::kMax, 3)}, false);
  OperatorDriver driver(plan, 1, 1);
  driver.feed(0, counts({7}));
  driver.feed(0, counts({7, 7}));
  EXPECT_EQ(driver.rows().size(), 1u);
}

TEST(GroupAggregate, OutputComesInBatchesOfLimitedSize) {
  const OperatorPlan plan = plan_of({0}, {call_of("COUNT", AggregateFunction::kCount, {})}, false);
  OperatorDriver driver(plan, 1, 1);
  std::vector<Row> rows;
  for (std::int64_t key = 0; key < 8192; ++key) rows.push_back(counts({key})[0]);
  driver.feed(0, rows);
  driver.feed(0, rows);
  EXPECT_EQ(driver.output().size(), 8192u);
  EXPECT_EQ(driver.rows().size(), 3u * 8192);
}

TEST(GroupAggregate, SumsThatDoNotFitADecimalAreNull) {
  Schema input{{{"m", Type::decimal(38, 0)}}};
  const Type type = aggregate_type("SUM", std::vector{input.fields[0].type}).value();
  const AggregateCall sum{.function = AggregateFunction::kSum, .argument = 0, .type = type};
  const OperatorPlan plan =
      OperatorPlan::of(GroupAggregateSpec{.aggregates = {sum}}, {input}, {{{"sum", type}}}, {{}});
  OperatorDriver driver(plan, 1, 1);
  Int128 large = 1;
  for (int i = 0; i < 37; ++i) large *= 10;
  driver.feed(0, std::vector<Row>(9, Row{.values = {Value{large}}}));
  EXPECT_FALSE(driver.rows().back().values[0].null());
  driver.feed(0, {Row{.values = {Value{large}}}});
  EXPECT_TRUE(driver.rows().back().values[0].null());
}

}  // namespace
}  // namespace penstock
