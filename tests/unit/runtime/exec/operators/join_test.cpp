#include "runtime/exec/operators/join.h"

#include <gtest/gtest.h>

#include "tests/unit/runtime/exec/operators/operator_driver.h"

namespace penstock {
namespace {

const Schema kLeft{{{"id", Type::of(TypeKind::kBigint)},
                    {"name", Type::of(TypeKind::kString)},
                    {"end", Type::of(TypeKind::kTimestamp)}}};
const Schema kRight{{{"text", Type::of(TypeKind::kString)},
                     {"end", Type::of(TypeKind::kTimestamp)},
                     {"id", Type::of(TypeKind::kBigint)},
                     {"amount", Type::of(TypeKind::kInt)}}};

Schema joined() {
  Schema schema = kLeft;
  for (const Field& field : kRight.fields) schema.fields.push_back(field);
  return schema;
}

OperatorPlan plan_of(bool windowed, bool changelog, std::optional<Expr> condition = {}) {
  JoinSpec spec{.left_keys = {0}, .right_keys = {2}, .condition = std::move(condition)};
  if (windowed) {
    spec.left_keys.push_back(2);
    spec.right_keys.push_back(1);
    spec.window_end = JoinSpec::WindowEnd{.left = 2, .right = 1};
  }
  return OperatorPlan::of(spec, {kLeft, kRight}, joined(), {spec.left_keys, spec.right_keys},
                          changelog);
}

struct Case {
  const char* name;
  bool windowed = false;
  bool changelog = false;
  bool condition = false;
  std::size_t batch = 1;
  int rounds = 0;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class JoinModel : public testing::TestWithParam<Case> {};

TEST_P(JoinModel, AgreesWithAllPairsThroughMovesAndRestores) {
  const Case& c = GetParam();
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    std::optional<Expr> condition;
    if (c.condition)
      condition =
          resolve_call(">", {Expr::of_column(6, Type::of(TypeKind::kInt)),
                             Expr::of_literal(Value{std::int32_t{3}}, Type::of(TypeKind::kInt))})
              .value();
    const OperatorPlan plan = plan_of(c.windowed, c.changelog, condition);
    OperatorDriver driver(plan, seed, 2);
    std::array<std::vector<Row>, 2> alive;  // windows that are over are taken out
    Multiset expected;
    Millis watermark = 0;
    std::uint64_t late = 0;
    const auto maybe = [&](Value value) { return random.below(10) == 0 ? Value{} : value; };
    for (int round = 0; round < c.rounds; ++round) {
      const std::size_t input = random.below(2);
      std::vector<Row> batch;
      while (batch.size() < c.batch) {
        const Value id = maybe(Value{static_cast<std::int64_t>(random.below(20))});
        const Value end = Value{1000 * (watermark / 1000 + static_cast<Millis>(random.below(3)))};
        const Value text = maybe(Value{std::string(random.below(20), 't')});
        Row row;
        if (input == 0)
          row.values = {id, text, end};
        else
          row.values = {text, end, id, maybe(Value{static_cast<std::int32_t>(random.below(8))})};
        if (c.changelog && !alive[input].empty() && random.below(3) == 0) {
          const std::size_t gone = random.below(alive[input].size());
          row = {alive[input][gone].values, RowKind::kDelete};
          alive[input].erase(alive[input].begin() + static_cast<std::ptrdiff_t>(gone));
        } else {
          const Millis time = std::get<Millis>(end.is);
          if (c.windowed && !id.null() && round > 0 && time - 1 <= watermark) {
            ++late;
            batch.push_back(row);
            continue;
          }
          alive[input].push_back(row);
        }
        for (const Row& other : alive[1 - input]) {
          const Row& left = input == 0 ? row : other;
          const Row& right = input == 0 ? other : row;
          if (left.values[0].null() || !(left.values[0] == right.values[2])) continue;
          if (c.windowed && !(left.values[2] == right.values[1])) continue;
          if (c.condition &&
              (right.values[3].null() || std::get<std::int32_t>(right.values[3].is) <= 3))
            continue;
          apply(expected, text_of(left.values) + text_of(right.values), row.kind);
        }
        batch.push_back(row);
      }
      driver.feed(input, batch);
      ASSERT_EQ(driver.output(), expected);
      if (random.below(4) == 0) driver.move_groups();
      if (random.below(10) == 0) driver.restore(1 + random.below(3));
      if (random.below(5) == 0) driver.freeze();
      if (c.windowed && (round == 0 || random.below(3) == 0)) {
        watermark += static_cast<Millis>(random.below(800));
        driver.watermark(watermark);
        std::erase_if(alive[0], [&](const Row& row) {
          return std::get<Millis>(row.values[2].is) - 1 <= watermark;
        });
        std::erase_if(alive[1], [&](const Row& row) {
          return std::get<Millis>(row.values[1].is) - 1 <= watermark;
        });
      }
    }
    EXPECT_GT(driver.rows().size(), 100u);
    EXPECT_EQ(driver.late_rows(), late);
    if (c.windowed) {
      driver.watermark(kEndOfTime);
      EXPECT_EQ(driver.state(0)->earliest_window(), std::nullopt);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, JoinModel,
    testing::Values(
        Case{.name = "inserts one by one", .batch = 1, .rounds = 200},
        Case{.name = "inserts in batches", .batch = 50, .rounds = 12},
        Case{.name = "changelog one by one", .changelog = true, .batch = 1, .rounds = 400},
        Case{.name = "changelog in batches", .changelog = true, .batch = 40, .rounds = 20},
        Case{.name = "condition", .condition = true, .batch = 40, .rounds = 12},
        Case{.name = "windowed", .windowed = true, .batch = 40, .rounds = 60},
        Case{.name = "windowed changelog",
             .windowed = true,
             .changelog = true,
             .batch = 40,
             .rounds = 60}));

TEST(Join, FanOutComesInBatchesOfLimitedSize) {
  const OperatorPlan plan = plan_of(false, false);
  OperatorDriver driver(plan, 1, 1);
  driver.feed(0, std::vector<Row>(
                     300, Row{.values = {Value{std::int64_t{1}}, Value{"a"}, Value{Millis{0}}}}));
  driver.feed(1, std::vector<Row>(100, Row{.values = {Value{"b"}, Value{Millis{0}},
                                                      Value{std::int64_t{1}}, Value{}}}));
  EXPECT_EQ(driver.rows().size(), 30000u);
  EXPECT_EQ(driver.largest_batch(), kMaxBatchRows);
}

TEST(Join, NullKeysAreNotKept) {
  const OperatorPlan plan = plan_of(false, false);
  OperatorDriver driver(plan, 1, 1);
  driver.feed(0, {Row{.values = {Value{}, Value{"a"}, Value{}}}});
  EXPECT_EQ(driver.state(0)->earliest_window(), std::nullopt);
}

}  // namespace
}  // namespace penstock
