#include <gtest/gtest.h>

#include "expression_cases.h"

namespace penstock {
namespace {

struct CastCase {
  std::string value;
  std::string type;
  std::string expect;
};

class Casts : public testing::TestWithParam<CastCase> {};

std::string outcome(const Expr& expr) {
  const auto value = evaluate_constant(expr);
  return value ? shown(*value, expr.type) : "error: " + value.error().message;
}

TEST_P(Casts, YieldTheValueAndTryCastNullWhereItFails) {
  const CastCase& row = GetParam();
  Expr cast = Expr::cast(literal(row.value), parse_type(row.type).value());
  ASSERT_TRUE(can_cast(cast.arguments[0].type, cast.type));
  EXPECT_EQ(outcome(cast), row.expect);
  cast.kind = Expr::Kind::kTryCast;
  cast.type.nullable = true;
  EXPECT_EQ(outcome(cast), row.expect.starts_with("error: ") ? "NULL" : row.expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Casts,
    testing::Values(
        CastCase{"'12'", "INT", "12"}, CastCase{"' -12.9 '", "BIGINT", "-12"},
        CastCase{"5", "BIGINT", "5"},
        CastCase{"'abc'", "INT", "error: cannot cast 'abc' to INT; TRY_CAST yields NULL instead"},
        CastCase{"3000000000L", "INT",
                 "error: cannot cast '3000000000' to INT; TRY_CAST yields NULL instead"},
        CastCase{"1e10", "INT", "error: cannot cast '1.0E10' to INT; TRY_CAST yields NULL instead"},
        CastCase{"-1.9e0", "INT", "-1"}, CastCase{"-1.9", "INT", "-1"},
        CastCase{"TRUE", "INT", "1"},
        CastCase{"9223372036854775807L", "DOUBLE", "9.223372036854776E18"},
        CastCase{"'1e3'", "DOUBLE", "1000.0"}, CastCase{"0.1", "DOUBLE", "0.1"},
        CastCase{"'12.345'", "DECIMAL(5, 2)", "12.35"},
        CastCase{"2.345e0", "DECIMAL(3, 2)", "2.35"}, CastCase{"123", "DECIMAL(2, 0)", "NULL"},
        CastCase{"99.95", "DECIMAL(3, 1)", "NULL"}, CastCase{"'1e50'", "DECIMAL(5, 2)", "NULL"},
        CastCase{"'x'", "DECIMAL(5, 2)",
                 "error: cannot cast 'x' to DECIMAL(5, 2); TRY_CAST yields NULL instead"},
        CastCase{"12.345", "STRING", "12.345"}, CastCase{"TRUE", "STRING", "TRUE"},
        CastCase{"1.5e0", "STRING", "1.5"}, CastCase{"1e7", "STRING", "1.0E7"},
        CastCase{"TIMESTAMP 2013-01-01 05:00:00", "STRING", "2013-01-01 05:00:00.000"},
        CastCase{"DATE 2013-01-01", "STRING", "2013-01-01"},
        CastCase{"DAYS 90061001", "STRING", "+1 01:01:01.001"},
        CastCase{"MONTHS -14", "STRING", "-1-02"}, CastCase{"'true'", "BOOLEAN", "TRUE"},
        CastCase{"'NO'", "BOOLEAN", "FALSE"}, CastCase{"0", "BOOLEAN", "FALSE"},
        CastCase{"'maybe'", "BOOLEAN",
                 "error: cannot cast 'maybe' to BOOLEAN; TRY_CAST yields NULL instead"},
        CastCase{"'2013-01-01 05:06'", "TIMESTAMP(3)", "2013-01-01 05:06:00.000"},
        CastCase{"'2013-01-01'", "TIMESTAMP(3)", "2013-01-01 00:00:00.000"},
        CastCase{"'2013-01-01T05:00:00Z'", "TIMESTAMP_LTZ(3)", "2013-01-01 05:00:00.000"},
        CastCase{"'2013-13-01'", "DATE",
                 "error: cannot cast '2013-13-01' to DATE; TRY_CAST yields NULL instead"},
        CastCase{"'2013-01-31 10:00:00'", "DATE", "2013-01-31"},
        CastCase{"TIMESTAMP 1969-12-31 23:00:00", "DATE", "1969-12-31"},
        CastCase{"DATE 2013-01-01", "TIMESTAMP(3)", "2013-01-01 00:00:00.000"},
        CastCase{"LTZ 2013-01-01 05:00:00", "TIMESTAMP(3)", "2013-01-01 05:00:00.000"},
        CastCase{"NULL INT", "STRING", "NULL"}, CastCase{"NULL", "DATE", "NULL"}));

TEST(Cast, OfRowsGoesFieldByField) {
  const Type from = parse_type("ROW<`a` INT, `b` STRING>").value();
  const Type to = parse_type("ROW<`x` STRING, `y` BIGINT>").value();
  const Expr row =
      Expr::of_literal({.is = std::vector<Value>{{.is = 1}, {.is = std::string("22")}}}, from);
  EXPECT_EQ(outcome(Expr::cast(row, to)), "(1, 22)");
  EXPECT_EQ(outcome(Expr::cast(row, Type::of(TypeKind::kString))), "(1, 22)");
}

TEST(Cast, ExistsOnlyWhereItMeansSomething) {
  const auto exists = [](std::string_view from, std::string_view to) {
    return can_cast(parse_type(from).value(), parse_type(to).value());
  };
  EXPECT_FALSE(exists("BIGINT", "TIMESTAMP(3)"));
  EXPECT_FALSE(exists("DATE", "INT"));
  EXPECT_FALSE(exists("STRING", "INTERVAL DAY TO SECOND"));
  EXPECT_FALSE(exists("ROW<`a` INT>", "ROW<`a` INT, `b` INT>"));
  EXPECT_TRUE(exists("ROW<`a` INT>", "STRING"));
  EXPECT_TRUE(exists("BOOLEAN", "DECIMAL(1, 0)"));
}

}  // namespace
}  // namespace penstock
