#include "runtime/expr/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "expression_cases.h"
#include "runtime/expr/signatures.h"

namespace penstock {
namespace {

struct FunctionCase {
  std::string function;
  std::vector<std::string> arguments;
  std::string expect;
  std::vector<std::size_t> literal_arguments{};  // must be constant
};

class Functions : public testing::TestWithParam<FunctionCase> {};

TEST_P(Functions, YieldTheValueForConstantsAndForColumns) {
  const FunctionCase& row = GetParam();
  EXPECT_EQ(constant_outcome(row.function, row.arguments), row.expect);
  EXPECT_EQ(column_outcome(row.function, row.arguments, row.literal_arguments), row.expect);
}

std::string case_name(const testing::TestParamInfo<FunctionCase>& row) {
  std::string name;
  for (const char c : row.param.function)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? std::string(1, c)
                                                             : "_" + std::to_string(int{c}) + "_";
  return name + "_" + std::to_string(row.index);
}

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, Functions,
    testing::Values(
        FunctionCase{"+", {"1", "2"}, "3"}, FunctionCase{"+", {"2147483647", "1"}, "-2147483648"},
        FunctionCase{"+", {"1", "2L"}, "3"},
        FunctionCase{"+", {"9223372036854775807L", "1"}, "-9223372036854775808"},
        FunctionCase{"-", {"1", "2.5"}, "-1.5"},
        FunctionCase{"-", {"-2147483648", "1"}, "2147483647"},
        FunctionCase{"*", {"3", "1.5e0"}, "4.5"},
        FunctionCase{"*", {"1000000", "1000000"}, "-727379968"},
        FunctionCase{"*", {"100L", "0.908"}, "90.800"}, FunctionCase{"*", {"-0.5", "0.5"}, "-0.25"},
        FunctionCase{"*", {"0.908", "100L"}, "90.800"}, FunctionCase{"/", {"7", "2"}, "3"},
        FunctionCase{"/", {"-7", "2"}, "-3"},
        FunctionCase{"/", {"-9223372036854775808L", "-1L"}, "-9223372036854775808"},
        FunctionCase{"/", {"1", "0"}, "error: division by zero: 1 / 0"},
        FunctionCase{"/", {"1.0e0", "0e0"}, "Infinity"},
        FunctionCase{"/", {"1.0", "3"}, "0.333333333333"},
        FunctionCase{"/", {"2.0", "3.0"}, "0.666667"},
        FunctionCase{"/", {"1.5", "0"}, "error: division by zero: 1.5 / 0"},
        FunctionCase{"%", {"7", "3"}, "1"}, FunctionCase{"%", {"-7", "3"}, "-1"},
        FunctionCase{"%", {"7", "-3"}, "1"},
        FunctionCase{"%", {"-9223372036854775808L", "-1L"}, "0"},
        FunctionCase{"%", {"5", "0"}, "error: division by zero: 5 % 0"},
        FunctionCase{"%", {"7.5", "2"}, "1.5"}, FunctionCase{"%", {"7.5e0", "2"}, "1.5"},
        FunctionCase{"MOD", {"1230L", "123"}, "0"}, FunctionCase{"NEG", {"5"}, "-5"},
        FunctionCase{"NEG", {"-1.25"}, "1.25"}, FunctionCase{"+", {"NULL INT", "1"}, "NULL"},
        FunctionCase{"+", {"1", "NULL"}, "NULL"},
        FunctionCase{"+",
                     {"'a'", "1"},
                     "error: operator + cannot take (STRING, INT); text is joined with ||"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Comparison, Functions,
    testing::Values(
        FunctionCase{"=", {"1", "1L"}, "TRUE"}, FunctionCase{"=", {"1", "1.0"}, "TRUE"},
        FunctionCase{"<>", {"'a'", "'b'"}, "TRUE"}, FunctionCase{"<", {"'a'", "'ab'"}, "TRUE"},
        FunctionCase{"<=", {"1.10", "1.1"}, "TRUE"}, FunctionCase{">", {"1.11", "1.1e0"}, "TRUE"},
        FunctionCase{">=", {"TIMESTAMP 2020-01-01 00:00:00", "DATE 2020-01-01"}, "TRUE"},
        FunctionCase{"=", {"DATE 2020-01-01", "'2020-01-01'"}, "TRUE"},
        FunctionCase{"=", {"NULL INT", "1"}, "NULL"}, FunctionCase{"=", {"NULL", "NULL"}, "NULL"},
        FunctionCase{
            "=",
            {"1", "'1'"},
            "error: operator =: no common type of INT NOT NULL and STRING NOT NULL; use CAST",
            {0, 1}},
        FunctionCase{"IN", {"2", "1", "2L"}, "TRUE"}, FunctionCase{"IN", {"3", "1", "2"}, "FALSE"},
        FunctionCase{"IN", {"3", "1", "NULL"}, "NULL"},
        FunctionCase{"IN", {"1", "1", "NULL"}, "TRUE"},
        FunctionCase{"IN",
                     {"'j'", "'a'", "'b'", "'c'", "'d'", "'e'", "'f'", "'g'", "'h'", "'i'", "'j'"},
                     "TRUE",
                     {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
        FunctionCase{"IN",
                     {"0.5", "0.50", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
                     "TRUE",
                     {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
        FunctionCase{"GREATEST", {"1", "3", "2L"}, "3"}, FunctionCase{"LEAST", {"'b'", "'a'"}, "a"},
        FunctionCase{"LEAST", {"1.5", "NULL INT"}, "NULL"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Conditions, Functions,
    testing::Values(FunctionCase{"COALESCE", {"NULL INT", "2", "3L"}, "2"},
                    FunctionCase{"COALESCE", {"NULL", "'x'"}, "x"},
                    FunctionCase{"IFNULL", {"NULL INT", "7"}, "7"},
                    FunctionCase{"NULLIF", {"1", "1"}, "NULL"},
                    FunctionCase{"NULLIF", {"1", "2"}, "1"},
                    FunctionCase{"IF", {"TRUE", "1", "2.5"}, "1.0"},
                    FunctionCase{"IF", {"NULL BOOLEAN", "'a'", "'b'"}, "b"},
                    FunctionCase{"NOT", {"TRUE"}, "FALSE"}, FunctionCase{"NOT", {"NULL"}, "NULL"},
                    FunctionCase{"IS NULL", {"1"}, "FALSE"},
                    FunctionCase{"IS NOT NULL", {"NULL STRING"}, "FALSE"},
                    FunctionCase{"IS TRUE", {"NULL BOOLEAN"}, "FALSE"},
                    FunctionCase{"IS NOT TRUE", {"NULL BOOLEAN"}, "TRUE"},
                    FunctionCase{"IS FALSE", {"FALSE"}, "TRUE"},
                    FunctionCase{"IS NOT FALSE", {"NULL BOOLEAN"}, "TRUE"},
                    FunctionCase{"IS DISTINCT FROM", {"NULL INT", "1"}, "TRUE"},
                    FunctionCase{"IS NOT DISTINCT FROM", {"NULL INT", "NULL INT"}, "TRUE"},
                    FunctionCase{"IS NOT DISTINCT FROM", {"2", "2L"}, "TRUE"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Mathematics, Functions,
    testing::Values(
        FunctionCase{"ABS", {"-3"}, "3"}, FunctionCase{"ABS", {"-1.5"}, "1.5"},
        FunctionCase{"CEIL", {"1.2"}, "2"}, FunctionCase{"CEIL", {"-1.2"}, "-1"},
        FunctionCase{"FLOOR", {"-1.2"}, "-2"}, FunctionCase{"FLOOR", {"1.7e0"}, "1.0"},
        FunctionCase{"CEILING", {"1.2e0"}, "2.0"}, FunctionCase{"FLOOR", {"5"}, "5"},
        FunctionCase{"CEIL", {"9.9"}, "10"}, FunctionCase{"ROUND", {"2.5"}, "3"},
        FunctionCase{"ROUND", {"-2.5"}, "-3"}, FunctionCase{"ROUND", {"2.345", "2"}, "2.35", {1}},
        FunctionCase{"ROUND", {"2.345", "2"}, "2.35", {0, 1}},
        FunctionCase{"ROUND", {"1.005e0", "2"}, "1.01"},
        FunctionCase{"ROUND", {"1250", "-2"}, "1300"}, FunctionCase{"ROUND", {"1.5e0"}, "2.0"},
        FunctionCase{"TRUNCATE", {"2.349", "2"}, "2.34", {1}},
        FunctionCase{"TRUNCATE", {"-1.99e0"}, "-1.0"}, FunctionCase{"SIGN", {"-4L"}, "-1"},
        FunctionCase{"SIGN", {"0.50"}, "1.00"}, FunctionCase{"POWER", {"2", "10"}, "1024.0"},
        FunctionCase{"SQRT", {"2.25"}, "1.5"}, FunctionCase{"EXP", {"0"}, "1.0"},
        FunctionCase{"LN", {"1"}, "0.0"}, FunctionCase{"LOG", {"2", "8"}, "3.0"},
        FunctionCase{"LOG", {"1"}, "0.0"}, FunctionCase{"LOG10", {"1000"}, "3.0"},
        FunctionCase{"LOG2", {"8"}, "3.0"}, FunctionCase{"SIN", {"0"}, "0.0"},
        FunctionCase{"COS", {"0"}, "1.0"}, FunctionCase{"TAN", {"0"}, "0.0"},
        FunctionCase{"ASIN", {"0"}, "0.0"}, FunctionCase{"ACOS", {"1"}, "0.0"},
        FunctionCase{"ATAN", {"0"}, "0.0"}, FunctionCase{"ATAN2", {"0", "1"}, "0.0"},
        FunctionCase{"DEGREES", {"0"}, "0.0"},
        FunctionCase{"RADIANS", {"180"}, "3.141592653589793"},
        FunctionCase{"PI", {}, "3.141592653589793"}, FunctionCase{"E", {}, "2.718281828459045"},
        FunctionCase{"SPIN", {"42", "1"}, "42"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(
    Text, Functions,
    testing::Values(
        FunctionCase{"UPPER", {"'aé1ß'"}, "AÉ1ß"}, FunctionCase{"LOWER", {"'ÀBΓД'"}, "àbγд"},
        FunctionCase{"CHAR_LENGTH", {"'héllo'"}, "5"}, FunctionCase{"LENGTH", {"''"}, "0"},
        FunctionCase{"TRIM", {"'  a b '"}, "a b"},
        FunctionCase{"TRIM", {"'BOTH'", "'x'", "'xxaxx'"}, "a", {0}},
        FunctionCase{"TRIM", {"'LEADING'", "'x'", "'xxaxx'"}, "axx", {0}},
        FunctionCase{"TRIM", {"'TRAILING'", "'é'", "'aéé'"}, "a", {0}},
        FunctionCase{"LTRIM", {"' a '"}, "a "}, FunctionCase{"RTRIM", {"' a '"}, " a"},
        FunctionCase{"BTRIM", {"'xya'", "'yx'"}, "a"},
        FunctionCase{"SUBSTRING", {"'hello'", "2", "3"}, "ell"},
        FunctionCase{"SUBSTR", {"'hello'", "-3", "2"}, "ll"},
        FunctionCase{"SUBSTRING", {"'héllo'", "2"}, "éllo"},
        FunctionCase{"SUBSTRING", {"'abc'", "0"}, "abc"},
        FunctionCase{"SUBSTRING", {"'abc'", "9"}, ""},
        FunctionCase{"SUBSTRING", {"'abc'", "-9", "2"}, ""},
        FunctionCase{"SUBSTRING", {"'abc'", "2", "0"}, ""},
        FunctionCase{"POSITION", {"'l'", "'hello'"}, "3"},
        FunctionCase{"LOCATE", {"'l'", "'hello'", "4"}, "4"},
        FunctionCase{"LOCATE", {"'x'", "'hello'"}, "0"},
        FunctionCase{"INSTR", {"'héllo'", "'l'"}, "3"},
        FunctionCase{"CONCAT", {"'a'", "'b'", "'c'"}, "abc"},
        FunctionCase{"CONCAT", {"'a'", "NULL STRING"}, "NULL"},
        FunctionCase{"||", {"'a'", "'b'"}, "ab"}, FunctionCase{"||", {"'a'", "NULL"}, "NULL"},
        FunctionCase{"CONCAT_WS", {"'-'", "'a'", "NULL STRING", "'c'"}, "a-c"},
        FunctionCase{"CONCAT_WS", {"NULL STRING", "'a'"}, "NULL"},
        FunctionCase{"CONCAT_WS", {"'-'"}, ""},
        FunctionCase{"REPLACE", {"'abcabc'", "'b'", "'xx'"}, "axxcaxxc"},
        FunctionCase{"REPLACE", {"'abc'", "''", "'x'"}, "abc"},
        FunctionCase{"LPAD", {"'hi'", "5", "'xy'"}, "xyxhi"},
        FunctionCase{"LPAD", {"'hello'", "2", "'x'"}, "he"},
        FunctionCase{"RPAD", {"'hi'", "4"}, "hi  "},
        FunctionCase{"RPAD", {"'hi'", "-1", "'x'"}, "NULL"},
        FunctionCase{"REPEAT", {"'ab'", "3"}, "ababab"}, FunctionCase{"REPEAT", {"'ab'", "-1"}, ""},
        FunctionCase{"REPEAT",
                     {"'ab'", "9000000000L"},
                     "error: REPEAT would make a text of more than 67108864 bytes"},
        FunctionCase{"REVERSE", {"'añb'"}, "bña"}, FunctionCase{"LEFT", {"'hello'", "2"}, "he"},
        FunctionCase{"RIGHT", {"'héllo'", "4"}, "éllo"}, FunctionCase{"RIGHT", {"'ab'", "9"}, "ab"},
        FunctionCase{"SPLIT_INDEX", {"'a,b,c'", "','", "1"}, "b"},
        FunctionCase{"SPLIT_INDEX", {"'a,b'", "','", "2"}, "NULL"},
        FunctionCase{"INITCAP", {"'hello big_world'"}, "Hello Big_World"},
        FunctionCase{"ASCII", {"'abc'"}, "97"}, FunctionCase{"CHR", {"97"}, "a"},
        FunctionCase{"STARTSWITH", {"'abc'", "'ab'"}, "TRUE"},
        FunctionCase{"UPPER", {"1"}, "error: UPPER expects (STRING), got (INT)"},
        FunctionCase{"SUBSTRING",
                     {"1L"},
                     "error: SUBSTRING expects (STRING, BIGINT[, BIGINT]), got (BIGINT)"}),
    case_name);

INSTANTIATE_TEST_SUITE_P(Like, Functions,
                         testing::Values(FunctionCase{"LIKE", {"'hello'", "'he%'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'hello'", "'%lo'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'hello'", "'%ell%'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'hello'", "'h_llo'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'héllo'", "'h_llo'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'hello'", "'hello'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'hello'", "'hell'"}, "FALSE"},
                                         FunctionCase{"LIKE", {"''", "'%'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'aXbXc'", "'a%X%c'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'ab'", "'ab%b'"}, "FALSE"},
                                         FunctionCase{"LIKE", {"'aab'", "'%_b'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'b'", "'%_b'"}, "FALSE"},
                                         FunctionCase{"LIKE", {"'10%'", "'10!%'", "'!'"}, "TRUE"},
                                         FunctionCase{"LIKE", {"'105'", "'10!%'", "'!'"}, "FALSE"},
                                         FunctionCase{"LIKE",
                                                      {"'a'", "'a!'", "'!'"},
                                                      "error: invalid escape in LIKE pattern: a!"},
                                         FunctionCase{"LIKE", {"NULL STRING", "'a'"}, "NULL"}),
                         case_name);

INSTANTIATE_TEST_SUITE_P(
    Time, Functions,
    testing::Values(
        FunctionCase{"YEAR", {"DATE 2013-02-03"}, "2013"},
        FunctionCase{"QUARTER", {"DATE 2013-12-03"}, "4"},
        FunctionCase{"MONTH", {"TIMESTAMP 2013-02-03 04:05:06"}, "2"},
        FunctionCase{"WEEK", {"DATE 2021-01-03"}, "53"},
        FunctionCase{"DAYOFMONTH", {"DATE 2013-02-03"}, "3"},
        FunctionCase{"DAYOFWEEK", {"DATE 2013-02-03"}, "1"},
        FunctionCase{"DAYOFYEAR", {"DATE 2013-02-03"}, "34"},
        FunctionCase{"HOUR", {"TIMESTAMP 2013-02-03 04:05:06"}, "4"},
        FunctionCase{"MINUTE", {"TIMESTAMP 1969-12-31 23:59:58"}, "59"},
        FunctionCase{"SECOND", {"LTZ 2013-02-03 04:05:06"}, "6"},
        FunctionCase{"EXTRACT", {"'EPOCH'", "TIMESTAMP 1970-01-02 00:00:00"}, "86400", {0}},
        FunctionCase{"EXTRACT", {"'ISOYEAR'", "DATE 2021-01-03"}, "2020", {0}},
        FunctionCase{
            "FLOOR", {"TIMESTAMP 2013-02-03 04:05:06", "'HOUR'"}, "2013-02-03 04:00:00.000", {1}},
        FunctionCase{"FLOOR", {"DATE 2013-05-17", "'QUARTER'"}, "2013-04-01", {1}},
        FunctionCase{
            "FLOOR", {"TIMESTAMP 2013-02-05 04:05:06", "'WEEK'"}, "2013-02-03 00:00:00.000", {1}},
        FunctionCase{
            "CEIL", {"TIMESTAMP 2013-12-03 04:05:06", "'MONTH'"}, "2014-01-01 00:00:00.000", {1}},
        FunctionCase{
            "CEIL", {"TIMESTAMP 2013-12-01 00:00:00", "'MONTH'"}, "2013-12-01 00:00:00.000", {1}},
        FunctionCase{"DATE_FORMAT",
                     {"TIMESTAMP 2013-02-03 14:05:06", "'yyyy-MM-dd HH:mm'"},
                     "2013-02-03 14:05"},
        FunctionCase{"DATE_FORMAT",
                     {"TIMESTAMP 2013-02-03 14:05:06.007", "'yy/M/d h:mm:ss.SSS a 'at''"},
                     "13/2/3 2:05:06.007 PM at"},
        FunctionCase{"DATE_FORMAT", {"'2013-02-03 00:00:00'", "'yyyyMMdd'"}, "20130203"},
        FunctionCase{"DATE_FORMAT",
                     {"TIMESTAMP 2013-02-03 14:05:06", "'QQQ'"},
                     "error: NotImplemented: 'QQQ' in time pattern QQQ"},
        FunctionCase{"TO_TIMESTAMP", {"'2013-02-03 04:05:06.5'"}, "2013-02-03 04:05:06.500"},
        FunctionCase{"TO_TIMESTAMP", {"'nonsense'"}, "NULL"},
        FunctionCase{
            "TO_TIMESTAMP", {"'03.02.2013 4'", "'dd.MM.yyyy H'"}, "2013-02-03 04:00:00.000"},
        FunctionCase{"TO_TIMESTAMP_LTZ", {"1000", "3"}, "1970-01-01 00:00:01.000"},
        FunctionCase{"TO_TIMESTAMP_LTZ", {"1000", "0"}, "1970-01-01 00:16:40.000"},
        FunctionCase{"TO_TIMESTAMP_LTZ",
                     {"1000", "6"},
                     "error: TO_TIMESTAMP_LTZ expects a precision of 0 or 3, got 6"},
        FunctionCase{"TO_DATE", {"'2013-02-03'"}, "2013-02-03"},
        FunctionCase{"TO_DATE", {"'2013-02-30'"}, "NULL"},
        FunctionCase{"TO_DATE", {"'3/2/2013'", "'d/M/yyyy'"}, "2013-02-03"},
        FunctionCase{"FROM_UNIXTIME", {"44"}, "1970-01-01 00:00:44"},
        FunctionCase{"FROM_UNIXTIME", {"44", "'ss'"}, "44"},
        FunctionCase{"UNIX_TIMESTAMP", {"'1970-01-01 00:01:00'"}, "60"},
        FunctionCase{"TIMESTAMPDIFF", {"'DAY'", "DATE 2013-01-01", "DATE 2013-03-01"}, "59", {0}},
        FunctionCase{"TIMESTAMPDIFF", {"'MONTH'", "DATE 2013-01-31", "DATE 2013-02-28"}, "1", {0}},
        FunctionCase{"TIMESTAMPDIFF", {"'MONTH'", "DATE 2013-01-15", "DATE 2013-02-14"}, "0", {0}},
        FunctionCase{"TIMESTAMPDIFF",
                     {"'SECOND'", "TIMESTAMP 2013-01-01 00:00:10", "TIMESTAMP 2013-01-01 00:00:00"},
                     "-10",
                     {0}},
        FunctionCase{"TIMESTAMPADD", {"'MONTH'", "1", "DATE 2012-01-31"}, "2012-02-29", {0}},
        FunctionCase{"TIMESTAMPADD",
                     {"'HOUR'", "-1", "TIMESTAMP 2013-01-01 00:00:00"},
                     "2012-12-31 23:00:00.000",
                     {0}},
        FunctionCase{
            "TIMESTAMPADD", {"'HOUR'", "1", "DATE 2013-01-01"}, "2013-01-01 01:00:00.000", {0}},
        FunctionCase{
            "+", {"TIMESTAMP 2013-01-01 00:00:00", "DAYS 1500"}, "2013-01-01 00:00:01.500"},
        FunctionCase{
            "+", {"MONTHS 13", "TIMESTAMP 2013-01-31 01:00:00"}, "2014-02-28 01:00:00.000"},
        FunctionCase{"-", {"DATE 2013-01-01", "DAYS 86400000"}, "2012-12-31", {1}},
        FunctionCase{"-", {"DATE 2013-01-01", "DAYS 3600000"}, "2012-12-31 23:00:00.000", {1}},
        FunctionCase{"-", {"DATE 2013-03-31", "MONTHS 1"}, "2013-02-28"},
        FunctionCase{"-",
                     {"TIMESTAMP 2013-01-02 00:00:00", "TIMESTAMP 2013-01-01 00:00:00"},
                     "+1 00:00:00.000"},
        FunctionCase{"*", {"2", "DAYS 1000"}, "+0 00:00:02.000"},
        FunctionCase{"+", {"MONTHS 1", "MONTHS 12"}, "+1-01"},
        FunctionCase{"NEG", {"DAYS 1000"}, "-0 00:00:01.000"}),
    case_name);

TEST(Functions, OfTheClockAskIt) {
  ManualClock clock(1'234'567);
  for (const auto& [name, expect] : std::vector<std::pair<std::string, std::string>>{
           {"PROCTIME", "1970-01-01 00:20:34.567"},
           {"NOW", "1970-01-01 00:20:34.567"},
           {"CURRENT_TIMESTAMP", "1970-01-01 00:20:34.567"},
           {"CURRENT_ROW_TIMESTAMP", "1970-01-01 00:20:34.567"},
           {"LOCALTIMESTAMP", "1970-01-01 00:20:34.567"},
           {"CURRENT_DATE", "1970-01-01"},
           {"UNIX_TIMESTAMP", "1234"}}) {
    const Expr expr = resolve_call(name, {}).value();
    EXPECT_FALSE(expr.type.nullable) << name;
    EXPECT_TRUE(is_volatile(name)) << name;
    auto evaluator = Evaluator::make(expr, clock);
    ASSERT_TRUE(evaluator) << name;
    const auto column = evaluator->evaluate({.physical_rows = 2});
    ASSERT_TRUE(column) << name;
    ASSERT_EQ(column->rows(), 2u);
    EXPECT_EQ(shown(column->value_at(1), column->type()), expect) << name;
  }
}

TEST(Functions, UnknownOnesAreNamedWithANearOne) {
  const auto unknown = resolve_call("SUBSTRIN", {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Code::kNotFound);
  EXPECT_EQ(unknown.error().message, "unknown function SUBSTRIN; did you mean SUBSTRING?");
  EXPECT_EQ(resolve_call("NO_SUCH_THING", {}).error().message, "unknown function NO_SUCH_THING");
}

TEST(Functions, NearestNameIsCaseBlindAndWithinTwoEdits) {
  const std::vector<std::string_view> known = {"price", "auction", "bidder"};
  EXPECT_EQ(nearest_name("prise", known), "price");
  EXPECT_EQ(nearest_name("AUCTION", known), "auction");
  EXPECT_EQ(nearest_name("bid", known), "");
}

TEST(Functions, SignaturesAreSortedSoThatTheyAreFound) {
  EXPECT_TRUE(std::ranges::is_sorted(signatures(), {}, &Signature::name));
}

// Every function is in a table above; this says which one is not.
TEST(Functions, AllAreTested) {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/tests/unit/runtime/expr/functions_test.cpp");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  ASSERT_FALSE(text.empty());
  for (const std::string_view name : function_names()) {
    if (name == "CHARACTER_LENGTH" || name == "LCASE" || name == "UCASE" || name == "POW")
      continue;  // aliases
    EXPECT_NE(text.find("\"" + std::string(name) + "\""), text.npos) << name;
  }
}

}  // namespace
}  // namespace penstock
