#include "runtime/formats/json_decoder.h"

#include <gtest/gtest.h>

#include "format_cases.h"
#include "runtime/base/random.h"

namespace penstock {
namespace {

struct JsonCase {
  std::string name;
  std::string schema = "a INT";
  std::vector<std::string> records;
  std::string expect;
  FormatOptions options{};
};

class JsonDecode : public testing::TestWithParam<JsonCase> {};

TEST_P(JsonDecode, YieldsRows) {
  const JsonCase& row = GetParam();
  EXPECT_EQ(decoded("json", row.options, schema_of(row.schema), row.records), row.expect);
}

const FormatOptions kIgnore = {{"json.ignore-parse-errors", "true"}};

INSTANTIATE_TEST_SUITE_P(
    Table, JsonDecode,
    testing::Values(
        JsonCase{
            .name = "EveryType",
            .schema = "b BOOLEAN; i INT; l BIGINT; d DOUBLE; x DECIMAL(10, 2); s STRING; day DATE; "
                      "t TIMESTAMP(3); z "
                      "TIMESTAMP_LTZ(3)",
            .records =
                {R"({"b":true,"i":-5,"l":9223372036854775807,"d":12.5,"x":3.14,"s":"hi","day":"2013-01-31","t":"2013-01-01 05:00:00","z":"2013-01-01 05:00:00.5Z"})"},
            .expect = "TRUE|-5|9223372036854775807|12.5|3.14|hi|2013-01-31|2013-01-01 "
                      "05:00:00.000|2013-01-01 "
                      "05:00:00.500\n"},
        JsonCase{.name = "MissingAndNullAreNull",
                 .schema = "a INT; b STRING",
                 .records = {"{}", R"({"a":null,"b":null})"},
                 .expect = "NULL|NULL\nNULL|NULL\n"},
        JsonCase{.name = "OtherOrderAndUnknownKeys",
                 .schema = "a INT; b INT",
                 .records = {R"({"a":1,"b":2})", R"({"b":4,"x":{"y":[1,"]"]},"a":3})",
                             R"({"a":5,"b":6})"},
                 .expect = "1|2\n3|4\n5|6\n"},
        JsonCase{.name = "TheLastOfTwoEqualKeysCounts",
                 .records = {R"({"a":1,"a":2})"},
                 .expect = "2\n"},
        JsonCase{
            .name = "BlankLinesAreNoRows", .records = {"", "  \r", R"({"a":1})"}, .expect = "1\n"},
        JsonCase{.name = "Escapes",
                 .schema = "s STRING",
                 .records = {R"({"s":"a\"\\\/\n\u00e9\ud83d\ude00\ud800"})"},
                 .expect = "a\"\\/\né😀\xEF\xBF\xBD\n"},
        JsonCase{.name = "EscapedKeys", .records = {R"({"\u0061":7})"}, .expect = "7\n"},
        JsonCase{.name = "WholeNumbersInOtherForms",
                 .schema = "a INT; b BIGINT",
                 .records = {R"({"a":12.0,"b":"34"})", R"({"a":1e3,"b":-5})"},
                 .expect = "12|34\n1000|-5\n"},
        JsonCase{.name = "DecimalsAreExact",
                 .schema = "x DECIMAL(38, 18)",
                 .records = {R"({"x":12345678901234567890.123456789012345678})"},
                 .expect = "12345678901234567890.123456789012345678\n"},
        JsonCase{.name = "ScalarsAsText",
                 .schema = "s STRING; u STRING",
                 .records = {R"({"s":1.50,"u":{"a": [1]}})"},
                 .expect = "1.50|{\"a\": [1]}\n"},
        JsonCase{.name = "NestedRows",
                 .schema = "r ROW<`x` INT, `y` ROW<`z` STRING>>; a INT",
                 .records = {R"({"r":{"y":{"z":"q"},"x":1},"a":2})", R"({"r":null})",
                             R"({"r":{"x":3}})"},
                 .expect = "(1, (q))|2\nNULL|NULL\n(3, NULL)|NULL\n"},
        JsonCase{.name = "IsoTimestamps",
                 .schema = "t TIMESTAMP(3); z TIMESTAMP_LTZ(3)",
                 .records = {R"({"t":"2013-01-01T05:00:00.123","z":"2013-01-01T05:00:00+01:00"})"},
                 .expect = "2013-01-01 05:00:00.123|2013-01-01 04:00:00.000\n",
                 .options = {{"json.timestamp-format.standard", "ISO-8601"}}},
        JsonCase{.name = "WrongStandard",
                 .schema = "t TIMESTAMP(3)",
                 .records = {R"({"t":"2013-01-01T05:00:00"})"},
                 .expect = "error: field t: not a TIMESTAMP(3): '2013-01-01T05:00:00' (expected "
                           "yyyy-MM-dd HH:mm:ss; json.timestamp-format.standard is SQL)"},
        JsonCase{.name = "TextInANumber",
                 .schema = "dep_delay BIGINT",
                 .records = {R"({"dep_delay":"x"})"},
                 .expect = "error: field dep_delay: not a BIGINT: 'x'"},
        JsonCase{.name = "BigintOutOfRange",
                 .schema = "a BIGINT",
                 .records = {R"({"a":9223372036854775808})"},
                 .expect = "error: field a: not a BIGINT: '9223372036854775808'"},
        JsonCase{.name = "IntOutOfRange",
                 .records = {R"({"a":2147483648})"},
                 .expect = "error: field a: not a INT: '2147483648'"},
        JsonCase{.name = "FractionInAnInteger",
                 .records = {R"({"a":1.5})"},
                 .expect = "error: field a: not a INT: '1.5'"},
        JsonCase{.name = "NotUtf8",
                 .schema = "s STRING",
                 .records = {"{\"s\":\"\xC3\x28\"}"},
                 .expect = "error: field s: not a STRING: '?('"},
        JsonCase{.name = "Truncated",
                 .records = {R"({"a":1)"},
                 .expect = "error: not JSON: expected ',' or '}' at column 7, got the end"},
        JsonCase{.name = "NoObject",
                 .records = {"[1]"},
                 .expect = "error: not JSON: expected an object at column 1, got '['"},
        JsonCase{.name = "TextBehind",
                 .records = {R"({"a":1} x)"},
                 .expect = "error: not JSON: expected the end of the record at column 9, got 'x'"},
        JsonCase{
            .name = "LeadingZero",
            .records = {R"({"a":01})"},
            .expect =
                "error: not JSON: expected a number without leading zeros at column 6, got '0'"},
        JsonCase{.name = "ControlCharacter",
                 .schema = "s STRING",
                 .records = {"{\"s\":\"a\tb\"}"},
                 .expect = "error: not JSON: expected an escape of the control character at column "
                           "8, got byte 0x09"},
        JsonCase{.name = "NullInNotNull",
                 .schema = "a INT NOT NULL",
                 .records = {"{}"},
                 .expect = "error: field a: NULL in a NOT NULL column"},
        JsonCase{.name = "FailOnMissing",
                 .records = {"{}"},
                 .expect = "error: field a is missing",
                 .options = {{"json.fail-on-missing-field", "true"}}},
        JsonCase{.name = "IgnoreNullsFieldsAndSkipsRows",
                 .schema = "a INT; b INT",
                 .records = {R"({"a":1,"b":"x"})", R"({"a":2)", R"({"a":3,"b":4})"},
                 .expect = "1|NULL\n3|4\n",
                 .options = kIgnore},
        JsonCase{.name = "UnknownOption",
                 .records = {},
                 .expect = "error: unknown option json.ignore; known are json.ignore-parse-errors, "
                           "json.fail-on-missing-field, json.timestamp-format.standard",
                 .options = {{"json.ignore", "true"}}},
        JsonCase{
            .name = "WrongFlag",
            .records = {},
            .expect = "error: option json.ignore-parse-errors: expected true or false, got 'yes'",
            .options = {{"json.ignore-parse-errors", "yes"}}},
        JsonCase{
            .name = "IntervalsHaveNoForm",
            .schema = "a INTERVAL DAY TO SECOND",
            .records = {},
            .expect = "error: format json cannot read column a of type INTERVAL DAY TO SECOND"}),
    [](const auto& row) { return row.param.name; });

TEST(JsonDecoder, CountsWhatItLeavesOut) {
  const Schema schema = schema_of("a INT; b INT");
  auto decoder = make_decoder("json", kIgnore, schema, all_of(schema)).value();
  for (const std::string_view record : {R"({"a":"x","b":"y"})", "{", R"({"a":1,"b":2})"})
    ASSERT_TRUE(decoder->append(record));
  EXPECT_EQ(decoder->rows(), 2u);
  EXPECT_EQ(decoder->skipped_rows(), 1u);
  EXPECT_EQ(decoder->nulled_fields(), 2u);
}

TEST(JsonDecoder, ReadsOnlyTheWantedColumnsAndGoesOnAfterFinish) {
  const Schema schema = schema_of("a INT; b STRING; c BIGINT");
  auto decoder = make_decoder("json", {}, schema, {0, 2}).value();
  ASSERT_TRUE(decoder->append(R"({"a":1,"b":2e999,"c":3})"));
  EXPECT_EQ(shown(decoder->finish()), "1|3\n");
  EXPECT_EQ(decoder->rows(), 0u);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(decoder->append(R"({"c":)" + std::to_string(i) + "}"));
  const Batch batch = decoder->finish();
  ASSERT_EQ(batch.physical_rows, 200u);
  EXPECT_EQ(batch.columns[1].values<std::int64_t>()[199], 199);
  EXPECT_TRUE(batch.columns[0].is_null(0));
  EXPECT_EQ(shown(decoder->finish()), "");
}

TEST(JsonDecoder, CountsRowsWithoutWantedColumns) {
  auto decoder = make_decoder("json", {}, schema_of("a INT"), {}).value();
  ASSERT_TRUE(decoder->append(R"({"a":"not even a number"})"));
  EXPECT_EQ(decoder->finish().physical_rows, 1u);
}

TEST(JsonDecoder, ABadRowLeavesNothingBehind) {
  const Schema schema = schema_of("a INT; b INT");
  auto decoder = make_decoder("json", {}, schema, {0, 1}).value();
  EXPECT_FALSE(decoder->append(R"({"a":1,"b":"x"})"));
  ASSERT_TRUE(decoder->append(R"({"b":2})"));
  EXPECT_EQ(shown(decoder->finish()), "NULL|2\n");
}

TEST(JsonDecoder, NestingHasALimit) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(decoded("json", {}, schema_of("s STRING"), {R"({"s":)" + deep}).substr(0, 47),
            "error: not JSON: expected fewer levels of nesti");
}

// Random bytes and broken records are refused or skipped, never more than that (with sanitizers).
TEST(JsonDecoder, SurvivesAnyBytes) {
  const std::uint64_t seed = 20130101;
  RecordProperty("seed", std::to_string(seed));
  Random random(seed);
  const Schema schema = schema_of("a BIGINT; s STRING; r ROW<`x` DECIMAL(20, 5)>; t TIMESTAMP(3)");
  const std::string good =
      R"({"a":-12,"s":"x\u00e9\"","r":{"x":1.5e2},"t":"2013-01-01 05:00:00.123"})";
  auto decoder = make_decoder("json", kIgnore, schema, all_of(schema)).value();
  std::uint64_t blank = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string record = good;
    const std::uint64_t changes = 1 + random.below(4);
    for (std::uint64_t change = 0; change < changes; ++change)
      record[random.below(record.size())] = static_cast<char>(random.below(256));
    if (random.below(4) == 0) record.resize(random.below(record.size()));
    if (random.below(10) == 0)
      for (char& c : record) c = static_cast<char>(random.below(256));
    if (record.find_first_not_of(" \t\r") == record.npos) ++blank;
    // Without the byte that a string keeps behind its end, where a read too far goes unnoticed.
    const std::vector<char> exact(record.begin(), record.end());
    ASSERT_TRUE(decoder->append({exact.data(), exact.size()})) << "seed " << seed;
  }
  EXPECT_EQ(decoder->rows() + decoder->skipped_rows() + blank, 20'000u) << "seed " << seed;
  EXPECT_GT(decoder->skipped_rows(), 1000u);
  const Batch batch = decoder->finish();
  auto encoder = make_encoder("json", {}, schema).value();
  std::string out;
  ASSERT_TRUE(encoder->encode(batch, out));
  // What was read is written as JSON that reads back alike.
  std::size_t at = 0;
  auto again = make_decoder("json", {}, schema, all_of(schema)).value();
  while (at < out.size()) {
    const std::size_t end = out.find('\n', at);
    const Status status = again->append(std::string_view(out).substr(at, end - at));
    ASSERT_TRUE(status) << status.error().message;
    at = end + 1;
  }
  EXPECT_EQ(shown(again->finish()), shown(batch));
}

}  // namespace
}  // namespace penstock
