#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "runtime/connectors/datagen/datagen_source.h"
#include "runtime/connectors/rate_schedule.h"
#include "runtime/connectors/registry.h"
#include "tests/support/read_source.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using State = ReadResult::State;

SourceSpec table(std::vector<Field> fields, Options options) {
  SourceSpec spec{.table = "t",
                  .connector = "datagen",
                  .options = std::move(options),
                  .declared = {std::move(fields)}};
  for (std::size_t i = 0; i < spec.declared.size(); ++i) spec.columns.push_back(i);
  return spec;
}

Rows rows_of(const SourceSpec& spec, std::size_t batch = 8192, bool reopen = false) {
  ManualClock clock(1'000'000);
  const auto source = make_source(spec, clock).value();
  const auto splits = source->discover().value();
  clock.advance(std::chrono::hours(1));
  Rows rows;
  for (const Split& split : splits)
    for (auto& row : read_split(*source, split, batch, reopen)) rows.push_back(std::move(row));
  return rows;
}

const Type kBigint = Type::of(TypeKind::kBigint);
const Type kText = Type::of(TypeKind::kString);

TEST(Datagen, ASequenceIsBoundedAndInOrder) {
  const auto spec =
      table({{"id", kBigint}, {"x", Type::of(TypeKind::kInt)}},
            {{"fields.id.kind", "sequence"}, {"fields.id.start", "5"}, {"fields.id.end", "104"}});
  const Rows rows = rows_of(spec, 7);
  ASSERT_EQ(rows.size(), 100u);
  for (std::size_t i = 0; i < rows.size(); ++i)
    EXPECT_EQ(std::get<std::int64_t>(rows[i][0].is), static_cast<std::int64_t>(i) + 5);
}

TEST(Datagen, TheSameRowsWhateverBatchSplitsAndRestarts) {
  const auto key = [](const auto& row) { return std::get<std::int64_t>(row[0].is); };
  const auto make = [&](const char* splits, std::size_t batch, bool reopen) {
    Rows rows = rows_of(table({{"id", kBigint}, {"t", kText}, {"d", Type::of(TypeKind::kDouble)}},
                              {{"fields.id.kind", "sequence"},
                               {"fields.id.start", "0"},
                               {"fields.id.end", "99"},
                               {"splits", splits}}),
                        batch, reopen);
    std::ranges::sort(rows, {}, key);
    return rows;
  };
  const Rows expected = make("1", 8192, false);
  ASSERT_EQ(expected.size(), 100u);
  for (const char* splits : {"1", "3", "16"})
    for (const bool reopen : {false, true}) EXPECT_EQ(make(splits, 9, reopen), expected) << splits;
}

TEST(Datagen, RandomValuesStayInTheirRanges) {
  const auto spec = table({{"i", Type::of(TypeKind::kInt)},
                           {"d", Type::of(TypeKind::kDouble)},
                           {"c", Type::decimal(6, 2)},
                           {"s", kText},
                           {"t", Type::of(TypeKind::kTimestamp)},
                           {"n", kBigint},
                           {"b", Type::of(TypeKind::kBoolean)}},
                          {{"number-of-rows", "1000"},
                           {"fields.i.min", "-3"},
                           {"fields.i.max", "3"},
                           {"fields.d.min", "1.5"},
                           {"fields.d.max", "2.5"},
                           {"fields.c.max", "10"},
                           {"fields.s.length", "5"},
                           {"fields.t.max-past", "10s"},
                           {"fields.n.null-rate", "0.25"}});
  const Rows rows = rows_of(spec);
  ASSERT_EQ(rows.size(), 1000u);
  std::set<std::int32_t> seen;
  int nulls = 0;
  for (const auto& row : rows) {
    seen.insert(std::get<std::int32_t>(row[0].is));
    EXPECT_GE(std::get<double>(row[1].is), 1.5);
    EXPECT_LE(std::get<double>(row[1].is), 2.5);
    EXPECT_LE(std::get<Int128>(row[2].is), 1000);
    EXPECT_EQ(std::get<std::string>(row[3].is).size(), 5u);
    const auto time = std::get<std::int64_t>(row[4].is);
    EXPECT_GT(time, 1'000'000 - 10'001);
    EXPECT_LE(time, 1'000'100);
    nulls += row[5].null();
  }
  EXPECT_EQ(seen, (std::set<std::int32_t>{-3, -2, -1, 0, 1, 2, 3}));
  EXPECT_NEAR(nulls, 250, 50);
}

TEST(Datagen, NestedRowsHaveRulesOfTheirOwn) {
  const auto spec =
      table({{"r", Type::row({{"a", kBigint}, {"b", kText}})}}, {{"number-of-rows", "50"},
                                                                 {"fields.r.a.min", "7"},
                                                                 {"fields.r.a.max", "7"},
                                                                 {"fields.r.b.length", "2"}});
  for (const auto& row : rows_of(spec)) {
    const auto& fields = std::get<std::vector<Value>>(row[0].is);
    EXPECT_EQ(fields[0], Value{std::int64_t{7}});
    EXPECT_EQ(std::get<std::string>(fields[1].is).size(), 2u);
  }
}

TEST(Datagen, ColumnNamesInOptionsIgnoreCase) {
  const auto spec =
      table({{"userId", kBigint}},
            {{"number-of-rows", "3"}, {"fields.userid.max", "9"}, {"fields.userId.min", "9"}});
  for (const auto& row : rows_of(spec)) EXPECT_EQ(row[0], Value{std::int64_t{9}});
}

TEST(Datagen, RowsComeAtTheirRate) {
  ManualClock clock(0);
  const auto source =
      make_source(table({{"id", kBigint}}, {{"rows-per-second", "100"}, {"splits", "2"}}), clock)
          .value();
  EXPECT_FALSE(source->bounded());
  const auto reader = source->open(source->discover().value()[1]).value();
  EXPECT_EQ(reader->read(100).value().batch.rows(), 0u);
  clock.advance(std::chrono::milliseconds(100));
  EXPECT_EQ(reader->rows_behind(), 5u);
  const ReadResult result = reader->read(100).value();
  EXPECT_EQ(result.batch.rows(), 5u);
  EXPECT_EQ(result.state, State::kIdle);
  EXPECT_EQ(result.again_at, 110);
  EXPECT_EQ(reader->rows_behind(), 0u);
}

TEST(Datagen, RowsComeAtTheRatesOfTheirSteps) {
  ManualClock clock(0);
  const auto source =
      make_source(table({{"id", kBigint}}, {{"rate-steps", "1s:10,1s:1000"}}), clock).value();
  const auto reader = source->open(source->discover().value()[0]).value();
  clock.advance(std::chrono::milliseconds(999));
  EXPECT_EQ(reader->read(10'000).value().batch.rows(), 10u);
  clock.advance(std::chrono::milliseconds(1000));
  EXPECT_EQ(reader->read(10'000).value().batch.rows(), 1000u);
  const ReadResult result = reader->read(10'000).value();
  EXPECT_EQ(result.batch.rows(), 0u);
  EXPECT_EQ(result.again_at, 1999 + kLinger);  // the steps begin again at 2000
}

TEST(Datagen, NoRowsAreAnEnd) {
  EXPECT_TRUE(rows_of(table({{"id", kBigint}}, {{"number-of-rows", "0"}})).empty());
}

struct RefusedCase {
  const char* name;
  Options options;
  const char* says;
};
class DatagenRefuses : public testing::TestWithParam<RefusedCase> {};
TEST_P(DatagenRefuses, ByTheOptionsName) {
  ManualClock clock;
  const auto made = make_source(
      table({{"id", Type::of(TypeKind::kInt)}, {"day", Type::of(TypeKind::kDayInterval)}},
            GetParam().options),
      clock);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kInvalid);
  EXPECT_THAT(made.error().message, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Table, DatagenRefuses,
    testing::Values(
        RefusedCase{.name = "Kind",
                    .options = {{"fields.id.kind", "chance"}},
                    .says = "'fields.id.kind' of table t: expected random or sequence"},
        RefusedCase{.name = "NoEnd",
                    .options = {{"fields.id.kind", "sequence"}, {"fields.id.start", "1"}},
                    .says = "fields.id.end"},
        RefusedCase{.name = "EmptyRange",
                    .options = {{"fields.id.min", "5"}, {"fields.id.max", "4"}},
                    .says = "above the max"},
        RefusedCase{.name = "TooLarge",
                    .options = {{"fields.id.max", "3000000000"}},
                    .says = "does not fit INT"},
        RefusedCase{
            .name = "NullRate", .options = {{"fields.id.null-rate", "2"}}, .says = "from 0 to 1"},
        RefusedCase{.name = "UnsupportedType", .options = {}, .says = "NotImplemented"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Datagen, AnOptionOfNoColumnIsRefused) {
  ManualClock clock;
  const auto made = make_source(table({{"id", kBigint}}, {{"fields.uid.min", "5"}}), clock);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("fields.uid.min"));
  EXPECT_FALSE(make_source(table({{"id", kBigint}}, {{"fields.id.length", "5"}}), clock));
}

}  // namespace
}  // namespace penstock
