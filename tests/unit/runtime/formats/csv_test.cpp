#include "runtime/formats/csv.h"

#include <gtest/gtest.h>

#include <tuple>

#include "format_cases.h"
#include "runtime/base/random.h"

namespace penstock {
namespace {

struct CsvCase {
  std::string name;
  std::string schema = "a INT; s STRING";
  std::vector<std::string> records;
  std::string expect;
  FormatOptions options{};
};

class CsvDecode : public testing::TestWithParam<CsvCase> {};

TEST_P(CsvDecode, YieldsRows) {
  const CsvCase& row = GetParam();
  EXPECT_EQ(decoded("csv", row.options, schema_of(row.schema), row.records), row.expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CsvDecode,
    testing::Values(
        CsvCase{.name = "Plain", .records = {"1,abc", "-2,"}, .expect = "1|abc\n-2|\n"},
        CsvCase{.name = "CarriageReturnsAndBlankLines",
                .records = {"1,a\r", "\r", "", "2,b"},
                .expect = "1|a\n2|b\n"},
        CsvCase{.name = "Quotes",
                .records = {R"(1,"a,""b""")", R"("2","")", R"(3,a"b)"},
                .expect = "1|a,\"b\"\n2|\n3|a\"b\n"},
        CsvCase{.name = "EmptyIsNullUnlessText",
                .schema = "a INT; d DOUBLE; s STRING",
                .records = {",,"},
                .expect = "NULL|NULL|\n"},
        CsvCase{.name = "NullLiteral",
                .records = {"NA,NA", "1,\"NA\""},
                .expect = "NULL|NULL\n1|NA\n",
                .options = {{"csv.null-literal", "NA"}}},
        CsvCase{.name = "OtherDelimiterAndQuote",
                .records = {"1\t'a\tb'"},
                .expect = "1|a\tb\n",
                .options = {{"csv.field-delimiter", "\\t"}, {"csv.quote-character", "'"}}},
        CsvCase{.name = "NoQuotes",
                .records = {"1,\"a"},
                .expect = "1|\"a\n",
                .options = {{"csv.disable-quote-character", "true"}}},
        CsvCase{.name = "Comments",
                .records = {"# hello", "1,a"},
                .expect = "1|a\n",
                .options = {{"csv.allow-comments", "true"}}},
        CsvCase{.name = "Times",
                .schema = "t TIMESTAMP(3); d DATE; x DECIMAL(5, 2)",
                .records = {"2013-01-01 05:00:00, 2013-01-01 ,1.005"},
                .expect = "2013-01-01 05:00:00.000|2013-01-01|1.01\n"},
        CsvCase{.name = "BadField", .records = {"x,a"}, .expect = "error: field a: not a INT: 'x'"},
        CsvCase{.name = "TooFew", .records = {"1"}, .expect = "error: expected 2 fields, got 1"},
        CsvCase{
            .name = "TooMany", .records = {"1,2,3"}, .expect = "error: expected 2 fields, got 3"},
        CsvCase{.name = "OpenQuote",
                .records = {"1,\"a"},
                .expect = "error: not CSV: a quoted field without an end"},
        CsvCase{.name = "TextBehindQuote",
                .records = {"1,\"a\"b"},
                .expect = "error: not CSV: text behind a quoted field"},
        CsvCase{.name = "Ignore",
                .records = {"x,a", "1", "2,b"},
                .expect = "NULL|a\n2|b\n",
                .options = {{"csv.ignore-parse-errors", "true"}}},
        CsvCase{.name = "NotNull",
                .schema = "a INT NOT NULL",
                .records = {"\"\"", "5"},
                .expect = "error: field a: not a INT: ''"},
        CsvCase{.name = "RowsHaveNoForm",
                .schema = "r ROW<`x` INT>",
                .records = {},
                .expect = "error: format csv cannot read column r of type ROW<`x` INT>"},
        CsvCase{.name = "SameDelimiterAndQuote",
                .records = {},
                .expect = "error: options csv.quote-character and csv.field-delimiter are the same",
                .options = {{"csv.field-delimiter", "\""}}},
        CsvCase{
            .name = "LongDelimiter",
            .records = {},
            .expect = "error: option csv.field-delimiter: expected one ASCII character, got '||'",
            .options = {{"csv.field-delimiter", "||"}}}),
    [](const auto& row) { return row.param.name; });

TEST(Csv, WritesWhatItReads) {
  const Schema schema = schema_of("a INT; s STRING; d DOUBLE; t TIMESTAMP(3)");
  const FormatOptions options = {{"csv.null-literal", "NA"}, {"csv.header", "true"}};
  auto decoder = make_decoder("csv", options, schema, all_of(schema)).value();
  auto encoder = make_encoder("csv", options, schema).value();
  EXPECT_TRUE(decoder->has_header());
  EXPECT_EQ(encoder->header(), "a,s,d,t\n");
  const std::vector<std::string> lines = {R"(1,"a,""b",12.5,2013-01-01 05:00:00)",
                                          R"(NA,"NA",NA,2013-01-01 05:00:00.123)", "3,,1.0E10,NA"};
  std::string all;
  for (const std::string& line : lines) {
    ASSERT_TRUE(decoder->append(line));
    all += line + "\n";
  }
  std::string out;
  ASSERT_TRUE(encoder->encode(decoder->finish(), out));
  EXPECT_EQ(out, all);
}

TEST(Csv, RefusesTextWithALineBreak) {
  const Schema schema = schema_of("s STRING");
  auto encoder = make_encoder("csv", {}, schema).value();
  std::string out;
  const Status status = encoder->encode(
      Batch::of({Column::repeat(schema.fields[0].type, {.is = std::string("a\nb")}, 1)}), out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "field s: csv cannot hold text with a line break; use json");
}

TEST(Csv, SurvivesAnyBytes) {
  const std::uint64_t seed = 7;
  Random random(seed);
  const Schema schema = schema_of("a BIGINT; s STRING; t TIMESTAMP(3)");
  auto decoder =
      make_decoder("csv", {{"csv.ignore-parse-errors", "true"}}, schema, all_of(schema)).value();
  constexpr std::string_view kLikely = "0123456789,,,,\"\"\"-: ab\r#";
  for (int i = 0; i < 20'000; ++i) {
    std::string record(random.below(40), ' ');
    for (char& c : record)
      c = random.below(5) == 0 ? static_cast<char>(random.below(256))
                               : kLikely[random.below(kLikely.size())];
    // Without the byte that a string keeps behind its end, where a read too far goes unnoticed.
    const std::vector<char> exact(record.begin(), record.end());
    ASSERT_TRUE(decoder->append({exact.data(), exact.size()})) << "seed " << seed;
  }
  EXPECT_GT(decoder->rows(), 0u) << "seed " << seed;
  EXPECT_GT(decoder->skipped_rows(), 0u) << "seed " << seed;
  std::ignore = decoder->finish().bytes();
}

}  // namespace
}  // namespace penstock
