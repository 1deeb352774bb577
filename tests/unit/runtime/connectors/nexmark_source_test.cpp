#include "runtime/connectors/nexmark/nexmark_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/connectors/registry.h"
#include "tests/support/read_source.h"
#include "tests/unit/runtime/connectors/nexmark_table.h"

namespace penstock {
namespace {

using testing::HasSubstr;
using State = ReadResult::State;

std::string as_text(const Value& value) {
  if (value.null()) return "NULL";
  if (const auto* text = std::get_if<std::string>(&value.is)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&value.is)) return std::to_string(*number);
  if (const auto* number = std::get_if<std::int32_t>(&value.is)) return std::to_string(*number);
  std::string out = "(";
  for (const Value& field : std::get<std::vector<Value>>(value.is)) out += as_text(field) + "|";
  return out + ")";
}

std::vector<std::string> sorted(const Rows& rows) {
  std::vector<std::string> out;
  for (const auto& row : rows) {
    std::string text;
    for (const Value& value : row) text += as_text(value) + ";";
    out.push_back(text);
  }
  std::ranges::sort(out);
  return out;
}

std::vector<std::string> rows_of(const SourceSpec& spec, std::size_t batch, bool reopen = false) {
  ManualClock clock(5000);
  return sorted(read_all(*make_source(spec, clock).value(), batch, reopen));
}

const std::vector<Value>& fields(const Value& row) { return std::get<std::vector<Value>>(row.is); }
std::int64_t number(const Value& row, std::size_t field) {
  return std::get<std::int64_t>(fields(row)[field].is);
}

TEST(NexmarkSource, GivesTheSameRowsWhateverTheBatchSizeTheSplitsAndTheRestarts) {
  const auto expected = rows_of(nexmark_table({{"events.num", "2345"}}), 8192);
  ASSERT_EQ(expected.size(), 2345u);
  EXPECT_EQ(std::ranges::adjacent_find(expected), expected.end());
  for (const char* splits : {"1", "2", "7", "16", "100"})
    for (const std::size_t batch : {1u, 37u, 8192u}) {
      const auto spec = nexmark_table({{"events.num", "2345"}, {"splits", splits}});
      EXPECT_EQ(rows_of(spec, batch), expected) << splits << " " << batch;
      EXPECT_EQ(rows_of(spec, batch, true), expected) << splits << " " << batch;
    }
}

TEST(NexmarkSource, AnotherSeedGivesOtherRows) {
  EXPECT_NE(rows_of(nexmark_table({{"events.num", "100"}}), 100),
            rows_of(nexmark_table({{"events.num", "100"}, {"seed", "1"}}), 100));
}

TEST(NexmarkSource, FillsExactlyTheRowOfTheEventsKind) {
  ManualClock clock;
  const auto source =
      make_source(nexmark_table({{"events.num", "500"}, {"splits", "1"}}), clock).value();
  const Rows rows = read_all(*source, 8192);
  for (std::size_t event = 0; event < rows.size(); ++event) {
    const std::size_t offset = event % 50;
    const int kind = offset == 0 ? 0 : offset < 4 ? 1 : 2;
    ASSERT_EQ(std::get<std::int32_t>(rows[event][0].is), kind);
    for (std::size_t column = 1; column <= 3; ++column) {
      ASSERT_EQ(!rows[event][column].null(), static_cast<int>(column) - 1 == kind);
      if (rows[event][column].null()) continue;
      for (const Value& field : fields(rows[event][column])) ASSERT_FALSE(field.null());
    }
  }
  EXPECT_EQ(number(rows[0][1], 0), 1000);  // the first person
  EXPECT_EQ(number(rows[1][2], 0), 1000);  // the first auction
  EXPECT_EQ(number(rows[51][2], 0), 1003);
}

TEST(NexmarkSource, RowsOfPersonsAndAuctionsHaveTheirAverageSize) {
  ManualClock clock;
  const auto source =
      make_source(nexmark_table({{"events.num", "50000"}, {"splits", "1"}}), clock).value();
  double sizes[3] = {};
  for (const auto& row : read_all(*source, 8192)) {
    const auto kind = static_cast<std::size_t>(std::get<std::int32_t>(row[0].is));
    for (const Value& field : fields(row[kind + 1])) {
      const auto* text = std::get_if<std::string>(&field.is);
      sizes[kind] += text != nullptr ? static_cast<double>(text->size()) : 8;
    }
  }
  // The published sizes leave out the person's time, and of a bid channel and url.
  EXPECT_NEAR(sizes[0] / 1000, 208, 6);
  EXPECT_NEAR(sizes[1] / 3000, 500, 12);
}

TEST(NexmarkSource, AnAuctionExpiresAfterItBeginsAndReservesMoreThanItAsks) {
  ManualClock clock;
  const auto spec = nexmark_table({{"events.num", "5000"}, {"first-event.rate", "1000"}});
  for (const auto& row : read_all(*make_source(spec, clock).value(), 8192)) {
    if (row[2].null()) continue;
    EXPECT_GT(number(row[2], 6), number(row[2], 5));
    EXPECT_LE(number(row[2], 6), number(row[2], 5) + 2 * 1667);
    EXPECT_GE(number(row[2], 4), number(row[2], 3) + 100);
  }
}

TEST(NexmarkSource, UnusedFieldsAreNullAndTheOthersStayTheSame) {
  auto spec = nexmark_table({{"events.num", "1000"}, {"splits", "3"}});
  ManualClock clock;
  const Rows whole = read_all(*make_source(spec, clock).value(), 100);
  spec.columns = {1, 3};
  spec.nested = {{0, 7}, {2}};
  const Rows part = read_all(*make_source(spec, clock).value(), 100);
  ASSERT_EQ(part.size(), whole.size());
  for (std::size_t row = 0; row < whole.size(); ++row) {
    ASSERT_EQ(part[row].size(), 2u);
    for (const auto& [column, used] :
         {std::pair<std::size_t, std::vector<std::size_t>>{0, {0, 7}}, {1, {2}}}) {
      const Value& all = whole[row][spec.columns[column]];
      const Value& some = part[row][column];
      ASSERT_EQ(all.null(), some.null());
      if (all.null()) continue;
      for (std::size_t field = 0; field < fields(all).size(); ++field) {
        const bool wanted = std::ranges::find(used, field) != used.end();
        EXPECT_EQ(fields(some)[field], wanted ? fields(all)[field] : Value{});
      }
    }
  }
}

TEST(NexmarkSource, AFilterOnTheKindLeavesOutTheOthersOnly) {
  for (const int kind : {0, 1, 2}) {
    auto spec = nexmark_table({{"events.num", "2345"}, {"splits", "7"}});
    ManualClock clock;
    Rows expected = read_all(*make_source(spec, clock).value(), 8192);
    std::erase_if(expected,
                  [&](const auto& row) { return std::get<std::int32_t>(row[0].is) != kind; });
    spec.equals = {{0, Value{std::int32_t{kind}}}};
    for (const std::size_t batch : {1u, 13u, 8192u})
      EXPECT_EQ(rows_of(spec, batch, true), sorted(expected)) << kind << " " << batch;
  }
}

TEST(NexmarkSource, AFilterThatNothingPassesEndsAtOnce) {
  auto spec = nexmark_table({{"events.num", "1000"}});
  spec.equals = {{0, Value{std::int32_t{7}}}};
  EXPECT_TRUE(rows_of(spec, 10).empty());
  spec.equals = {{0, Value{std::int32_t{0}}}, {0, Value{std::int32_t{2}}}};
  EXPECT_TRUE(rows_of(spec, 10).empty());
}

TEST(NexmarkSource, WithoutColumnsItStillCountsRows) {
  auto spec = nexmark_table({{"events.num", "100"}, {"splits", "1"}});
  spec.columns = {};
  ManualClock clock;
  const auto source = make_source(spec, clock).value();
  const auto reader = source->open(source->discover().value()[0]).value();
  EXPECT_EQ(reader->read(8192).value().batch.rows(), 100u);
}

TEST(NexmarkSource, EventTimeStartsAtTheBaseAndFollowsTheRate) {
  ManualClock clock;
  const auto spec = nexmark_table({{"events.num", "5000"},
                                   {"first-event.rate", "100"},
                                   {"base-time", "7000"},
                                   {"splits", "1"}});
  const Rows rows = read_all(*make_source(spec, clock).value(), 8192);
  EXPECT_EQ(number(rows[0][1], 6), 7000);
  EXPECT_EQ(number(rows[4999][3], 5), 7000 + 49'990);
}

TEST(NexmarkSource, PacedItGivesWhatIsDueAndCountsWhatIsBehind) {
  ManualClock clock(1'000'000);
  const auto spec = nexmark_table({{"rate-steps", "1s:1000,1s:5000"}, {"splits", "2"}});
  const auto source = make_source(spec, clock).value();
  EXPECT_FALSE(source->bounded());
  const auto splits = source->discover().value();
  ASSERT_EQ(splits.size(), 2u);
  const auto reader = source->open(splits[0]).value();

  clock.advance(std::chrono::milliseconds(99));
  EXPECT_EQ(reader->rows_behind(), 50u);  // of 100 events this split has the first 50
  const ReadResult first = reader->read(8192).value();
  EXPECT_EQ(first.batch.rows(), 50u);
  EXPECT_EQ(first.state, State::kIdle);
  EXPECT_EQ(first.again_at, 1'000'104);  // due at 100, but it waits for more to come together
  EXPECT_EQ(reader->rows_behind(), 0u);

  clock.advance(std::chrono::milliseconds(901 + 1000 + 5));
  EXPECT_EQ(reader->rows_behind(), 3006u - 50u);
  Rows rows;
  while (true) {
    const ReadResult result = reader->read(100).value();
    append_rows(result.batch, rows);
    if (result.state == State::kIdle) break;
  }
  EXPECT_EQ(rows.size(), 3006u - 50u);
}

TEST(NexmarkSource, ARestartGoesOnFromTheSameBaseTime) {
  const auto spec = nexmark_table({{"rate-steps", "1s:1000"}, {"splits", "1"}});
  ManualClock clock(1'000'000);
  const auto source = make_source(spec, clock).value();
  Split split = source->discover().value()[0];
  clock.advance(std::chrono::seconds(3));
  const Rows straight = read_split(*source, split, 8192);
  auto reader = source->open(split).value();
  ASSERT_EQ(reader->read(1234).value().batch.rows(), 1234u);
  split.position = reader->position();

  ManualClock later(1'003'000);
  const auto restarted = make_source(spec, later).value();
  const Rows rest = read_split(*restarted, split, 8192);
  ASSERT_EQ(straight.size(), 3001u);
  ASSERT_EQ(rest.size(), 3001u - 1234u);
  EXPECT_EQ(rest, Rows(straight.begin() + 1234, straight.end()));
}

TEST(NexmarkSource, BoundedAndPacedItEnds) {
  ManualClock clock(0);
  const auto spec = nexmark_table({{"events.num", "120"},
                                   {"first-event.rate", "1000"},
                                   {"max-emit-speed", "false"},
                                   {"splits", "2"}});
  const auto source = make_source(spec, clock).value();
  const auto splits = source->discover().value();
  const auto first = source->open(splits[0]).value();
  const auto second = source->open(splits[1]).value();
  clock.advance(std::chrono::milliseconds(60));
  EXPECT_EQ(second->read(100).value().state, State::kIdle);
  clock.advance(std::chrono::milliseconds(60));
  ReadResult result = second->read(100).value();
  EXPECT_EQ(result.state, State::kEnd);
  EXPECT_EQ(first->read(100).value().batch.rows(), 70u);
  EXPECT_EQ(first->read(100).value().state, State::kEnd);
}

TEST(NexmarkSource, FastAndWithoutEndItDoesNotKnowItsLag) {
  ManualClock clock;
  const auto source = make_source(nexmark_table({{"max-emit-speed", "true"}}), clock).value();
  const auto reader = source->open(source->discover().value()[3]).value();
  EXPECT_EQ(reader->rows_behind(), std::nullopt);
  const ReadResult result = reader->read(8192).value();
  EXPECT_EQ(result.batch.rows(), 8192u);
  EXPECT_EQ(result.state, State::kMore);
}

TEST(NexmarkSource, ChangedSplitsAreRefusedAtRestore) {
  ManualClock clock;
  const auto source =
      make_source(nexmark_table({{"events.num", "10"}, {"splits", "4"}}), clock).value();
  const auto reader = source->open({.id = "3/16", .position = "0,5"});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::kInvalid);
  EXPECT_THAT(reader.error().message, HasSubstr("option 'splits' says 4"));
  EXPECT_EQ(source->open({.id = "3/4", .position = "x"}).error().code, Code::kCorrupt);
}

struct RefusedCase {
  const char* name;
  Options options;
  const char* says;
};
class NexmarkRefuses : public testing::TestWithParam<RefusedCase> {};
TEST_P(NexmarkRefuses, ByTheOptionsName) {
  ManualClock clock;
  const auto source = make_source(nexmark_table(GetParam().options), clock);
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, Code::kInvalid);
  EXPECT_THAT(source.error().message, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(
    Table, NexmarkRefuses,
    testing::Values(
        RefusedCase{
            .name = "NoNumber",
            .options = {{"events.num", "ten"}},
            .says = "option 'events.num' of table nexmark: expected a whole number, found 'ten'"},
        RefusedCase{
            .name = "NoSplits", .options = {{"splits", "0"}}, .says = "from 1 to 4096, found 0"},
        RefusedCase{
            .name = "NoRate", .options = {{"first-event.rate", "0"}}, .says = "first-event.rate"},
        RefusedCase{.name = "AnotherNextRate",
                    .options = {{"next-event.rate", "5"}},
                    .says = "NotImplemented"},
        RefusedCase{.name = "NoSteps",
                    .options = {{"rate-steps", "x"}},
                    .says = "expected durations and events per second"},
        RefusedCase{.name = "NoBoolean",
                    .options = {{"max-emit-speed", "yes"}},
                    .says = "expected true or false"},
        RefusedCase{.name = "UnknownOption",
                    .options = {{"person.proportion", "2"}},
                    .says = "NotImplemented: connector 'nexmark' has no such option"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(NexmarkSource, ColumnsThatItDoesNotHaveAreRefused) {
  ManualClock clock;
  auto spec = nexmark_table({});
  spec.declared.fields[3].name = "bids";
  EXPECT_THAT(make_source(spec, clock).error().message, HasSubstr("bids"));
  spec = nexmark_table({});
  spec.declared.fields[3].type = Type::row({{"auction", Type::of(TypeKind::kString)}});
  EXPECT_THAT(make_source(spec, clock).error().message, HasSubstr("bid.auction; expected BIGINT"));
}

}  // namespace
}  // namespace penstock
