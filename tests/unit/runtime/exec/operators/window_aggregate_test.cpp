#include "runtime/exec/operators/window_aggregate.h"

#include <gtest/gtest.h>

#include "tests/unit/runtime/exec/operators/aggregate_model.h"

namespace penstock {
namespace {

Schema window_output(const std::vector<std::size_t>& keys, const std::vector<AggregateCall>& calls,
                     bool time) {
  Schema schema = output_schema(keys, calls);
  schema.fields.push_back({"window_start", Type::of(TypeKind::kTimestamp)});
  schema.fields.push_back({"window_end", Type::of(TypeKind::kTimestamp)});
  if (time) schema.fields.push_back({"window_time", Type::of(TypeKind::kTimestamp)});
  return schema;
}

OperatorPlan plan_of(WindowSpec window, const std::vector<std::size_t>& keys,
                     const std::vector<AggregateCall>& calls, bool changelog = false) {
  window.time_column = kTime;
  return OperatorPlan::of(
      WindowAggregateSpec{
          .window = window, .keys = keys, .aggregates = calls, .emit_window_time = true},
      {model_schema()}, window_output(keys, calls, true), {keys}, changelog);
}

// Windows by their end, with the rows that reached them in time.
class WindowModel {
 public:
  explicit WindowModel(WindowSpec window) : window_(window) {}

  void add(const Row& row, Millis time) {
    Millis first = time - window_.offset;
    first -= ((first % window_.slide) + window_.slide) % window_.slide;
    bool late = true;
    for (Millis end = first + window_.offset + window_.slide; end - window_.size <= time;
         end += window_.slide) {
      if (end - 1 <= watermark_) continue;
      late = false;
      if (sign_of(row.kind) > 0) {
        windows_[end].push_back(row);
      } else {
        auto& rows = windows_[end];
        const auto found =
            std::ranges::find_if(rows, [&](const Row& r) { return r.values == row.values; });
        if (found != rows.end()) rows.erase(found);
      }
    }
    late_ += late ? 1 : 0;
  }
  void advance(Millis watermark, const std::vector<std::size_t>& keys,
               const std::vector<AggregateCall>& calls) {
    watermark_ = watermark;
    while (!windows_.empty() && windows_.begin()->first - 1 <= watermark) {
      const Millis end = windows_.begin()->first;
      const std::string suffix = text_of({Value{end - window_.size}, Value{end}, Value{end - 1}});
      for (const auto& [text, count] : model_groups(keys, calls, windows_.begin()->second, suffix))
        output_[text] += count;
      windows_.erase(windows_.begin());
    }
  }
  const Multiset& output() const { return output_; }
  std::uint64_t late() const { return late_; }

 private:
  WindowSpec window_;
  Millis watermark_ = kNoWatermark;
  std::map<Millis, std::vector<Row>> windows_;
  Multiset output_;
  std::uint64_t late_ = 0;
};

struct Case {
  const char* name;
  WindowSpec window;
  std::vector<std::size_t> keys;
  std::size_t batch = 1;
  int rows = 0;
  bool changelog = false;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class WindowAggregateModel : public testing::TestWithParam<Case> {};

TEST_P(WindowAggregateModel, AgreesWithARowByRowModelThroughMovesAndRestores) {
  const Case& c = GetParam();
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::vector<AggregateCall> calls = model_calls();
    const OperatorPlan plan = plan_of(c.window, c.keys, calls, c.changelog);
    OperatorDriver driver(plan, seed, 2);
    WindowModel model(c.window);
    std::vector<Row> alive;
    Millis now = -3000;
    for (int fed = 0; fed < c.rows;) {
      std::vector<Row> batch;
      for (; batch.size() < c.batch && fed < c.rows; ++fed) {
        now += static_cast<Millis>(random.below(20));
        if (random.below(400) == 0) now += 5000;  // windows without rows
        Row row = model_row(
            random, 6, now - static_cast<Millis>(random.below(random.below(10) == 0 ? 2500 : 900)));
        if (c.changelog && !alive.empty() && random.below(3) == 0) {
          const std::size_t gone = random.below(alive.size());
          row = {alive[gone].values, RowKind::kUpdateBefore};
          alive.erase(alive.begin() + static_cast<std::ptrdiff_t>(gone));
        } else if (c.changelog) {
          alive.push_back(row);
        }
        model.add(row, std::get<Millis>(row.values[kTime].is));
        batch.push_back(std::move(row));
      }
      driver.feed(0, batch);
      if (random.below(3) == 0) {
        driver.watermark(now - 500);
        model.advance(now - 500, c.keys, calls);
        ASSERT_EQ(driver.output(), model.output());
        if (c.changelog)
          std::erase_if(alive, [&](const Row& row) {
            return std::get<Millis>(row.values[kTime].is) < now + 200;
          });
      }
      if (random.below(8) == 0) driver.move_groups();
      if (random.below(20) == 0) driver.restore(1 + random.below(3));
      if (random.below(8) == 0) driver.freeze();
    }
    driver.watermark(kEndOfTime);
    model.advance(kEndOfTime, c.keys, calls);
    ASSERT_EQ(driver.output(), model.output());
    EXPECT_EQ(driver.late_rows(), model.late());
    if (!c.changelog) {
      EXPECT_GT(model.late(), 0u);
    }
    for (std::size_t i = 0; i < 1; ++i) EXPECT_EQ(driver.state(i)->earliest_window(), std::nullopt);
  }
}

constexpr WindowSpec kTumble{.kind = WindowSpec::Kind::kTumble, .size = 1000, .slide = 1000};
constexpr WindowSpec kTumbleOffset{
    .kind = WindowSpec::Kind::kTumble, .size = 1000, .slide = 1000, .offset = 300};
constexpr WindowSpec kHop{.kind = WindowSpec::Kind::kHop, .size = 1000, .slide = 200};

INSTANTIATE_TEST_SUITE_P(
    All, WindowAggregateModel,
    testing::Values(
        Case{.name = "tumble one by one", .window = kTumble, .keys = {0}, .batch = 1, .rows = 900},
        Case{.name = "tumble in batches",
             .window = kTumbleOffset,
             .keys = {1, 0},
             .batch = 100,
             .rows = 2500},
        Case{.name = "hop one by one", .window = kHop, .keys = {0}, .batch = 1, .rows = 600},
        Case{.name = "hop in batches", .window = kHop, .keys = {0, 1}, .batch = 100, .rows = 2500},
        Case{.name = "hop without keys", .window = kHop, .keys = {}, .batch = 20, .rows = 2000},
        Case{.name = "changelog tumble",
             .window = kTumble,
             .keys = {0},
             .batch = 20,
             .rows = 3000,
             .changelog = true},
        Case{.name = "changelog hop",
             .window = kHop,
             .keys = {0},
             .batch = 20,
             .rows = 2000,
             .changelog = true}));

Row row_at(Millis time, std::int64_t key = 1) {
  Row row{.values = std::vector<Value>(model_schema().size())};
  row.values[0] = Value{key};
  row.values[kTime] = Value{time};
  return row;
}

TEST(WindowAggregate, RowsOfWindowsThatHaveFiredStayLateAfterARestoreOfEmptyUnits) {
  const OperatorPlan plan =
      plan_of(kTumble, {0}, {call_of("COUNT", AggregateFunction::kCount, {})});
  OperatorDriver driver(plan, 1, 2);
  driver.feed(0, {row_at(100)});
  driver.watermark(999);
  EXPECT_EQ(driver.rows().size(), 1u);
  driver.restore(3);
  driver.feed(0, {row_at(200), row_at(1100)});
  driver.watermark(1999);
  EXPECT_EQ(driver.rows().size(), 2u);
  EXPECT_EQ(driver.late_rows(), 1u);
}

TEST(WindowAggregate, AWindowFiresWhenTheWatermarkReachesItsLastMillisecond) {
  const OperatorPlan plan =
      plan_of(kTumble, {0}, {call_of("COUNT", AggregateFunction::kCount, {})});
  OperatorDriver driver(plan, 1, 1);
  driver.feed(0, {row_at(100)});
  driver.watermark(998);
  EXPECT_TRUE(driver.rows().empty());
  driver.watermark(999);
  EXPECT_EQ(driver.rows().size(), 1u);
}

TEST(WindowAggregate, ARowWithoutEventTimeIsAnError) {
  const OperatorPlan plan =
      plan_of(kTumble, {0}, {call_of("COUNT", AggregateFunction::kCount, {})});
  OperatorDriver driver(plan, 1, 1);
  Row row = row_at(0);
  row.values[kTime] = Value{};
  const Status status = driver.instance(0).on_batch(
      0, Batch::of(columns_of(OperatorDriver::types_of(model_schema()), {row.values})));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalid);
}

TEST(WindowAggregate, ManyKeysFireInBatchesOfLimitedSize) {
  const OperatorPlan plan = plan_of(kHop, {0}, {call_of("COUNT", AggregateFunction::kCount, {})});
  OperatorDriver driver(plan, 1, 1);
  std::vector<Row> rows;
  for (std::int64_t key = 0; key < 6000; ++key) rows.push_back(row_at(100 + key % 500, key));
  driver.feed(0, rows);
  for (Row& row : rows) row.values[0] = Value{std::get<std::int64_t>(row.values[0].is) + 6000};
  driver.feed(0, rows);
  driver.watermark(kEndOfTime);
  EXPECT_EQ(driver.rows().size(), 5u * 12000);
  EXPECT_EQ(driver.largest_batch(), kMaxBatchRows);
}

TEST(WindowAggregate, ProcessingTimeWindowsFollowTheClock) {
  WindowSpec window = kTumble;
  window.processing_time = true;
  const OperatorPlan plan = plan_of(window, {0}, {call_of("COUNT", AggregateFunction::kCount, {})});
  OperatorDriver driver(plan, 1, 1, 5400);
  EXPECT_EQ(driver.instance(0).timer(), std::nullopt);
  driver.feed(0, {row_at(0), row_at(0, 2)});
  EXPECT_EQ(driver.instance(0).timer(), 6000);
  driver.watermark(1'000'000);
  driver.advance_clock(599);
  EXPECT_TRUE(driver.rows().empty());
  driver.feed(0, {row_at(0)});
  driver.advance_clock(1);
  const Multiset expected = {{"1|2|5000|6000|5999|", 1}, {"2|1|5000|6000|5999|", 1}};
  EXPECT_EQ(driver.output(), expected);
  EXPECT_EQ(driver.instance(0).timer(), std::nullopt);
  driver.feed(0, {row_at(0)});
  driver.watermark(kEndOfTime);
  EXPECT_EQ(driver.rows().size(), 3u);
}

TEST(AttachedWindowAggregate, EmitsAndFreesAWindowAtTheWatermark) {
  const std::vector<AggregateCall> calls = model_calls();
  const std::vector<std::size_t> keys = {0, kTime};
  for (const bool changelog : {false, true}) {
    const OperatorPlan plan = OperatorPlan::of(
        AttachedWindowAggregateSpec{.keys = keys, .window_end_column = kTime, .aggregates = calls},
        {model_schema()}, output_schema(keys, calls), {keys}, changelog);
    OperatorDriver driver(plan, 3, 2);
    Random random(3);
    std::map<Millis, std::vector<Row>> windows;
    Multiset expected;
    Millis watermark = 0;
    std::uint64_t late = 0;
    for (int round = 0; round < 60; ++round) {
      std::vector<Row> batch;
      for (int i = 0; i < 50; ++i) {
        const Millis end = 1000 * (watermark / 1000 + static_cast<Millis>(random.below(4)));
        batch.push_back(model_row(random, 5, end));
        if (end - 1 <= watermark && round > 0) {
          ++late;
        } else {
          windows[end].push_back(batch.back());
        }
      }
      if (round == 0) late = 0;
      driver.feed(0, batch);
      driver.move_groups();
      if (round % 10 == 5) driver.restore(2);
      watermark += static_cast<Millis>(random.below(1500));
      driver.watermark(watermark);
      while (!windows.empty() && windows.begin()->first - 1 <= watermark) {
        for (const auto& [text, count] : model_groups(keys, calls, windows.begin()->second))
          expected[text] += count;
        windows.erase(windows.begin());
      }
      ASSERT_EQ(driver.output(), expected);
    }
    EXPECT_GT(late, 0u);
    EXPECT_EQ(driver.late_rows(), late);
  }
}

}  // namespace
}  // namespace penstock
