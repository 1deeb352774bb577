#include "runtime/expr/types.h"

#include <gtest/gtest.h>

#include "expression_cases.h"

namespace penstock {
namespace {

struct ResultCase {
  std::string function;
  std::vector<std::string> types;
  std::string expect;
};

class ResultTypes : public testing::TestWithParam<ResultCase> {};

TEST_P(ResultTypes, FollowFlinksRules) {
  std::vector<Expr> columns;
  for (const std::string& type : GetParam().types)
    columns.push_back(Expr::of_column(columns.size(), parse_type(type).value()));
  const auto expr = resolve_call(GetParam().function, std::move(columns));
  EXPECT_EQ(expr ? expr->type.to_string() : "error: " + expr.error().message, GetParam().expect);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ResultTypes,
    testing::Values(
        ResultCase{"*", {"BIGINT", "DECIMAL(3, 3)"}, "DECIMAL(23, 3)"},
        ResultCase{"*", {"BIGINT NOT NULL", "DECIMAL(3, 3) NOT NULL"}, "DECIMAL(23, 3) NOT NULL"},
        ResultCase{"+", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(13, 4)"},
        ResultCase{"+", {"INT", "DECIMAL(5, 4)"}, "DECIMAL(15, 4)"},
        ResultCase{"/", {"DECIMAL(10, 2)", "DECIMAL(5, 1)"}, "DECIMAL(17, 8)"},
        ResultCase{"/", {"DECIMAL(38, 10) NOT NULL", "DECIMAL(38, 10) NOT NULL"}, "DECIMAL(38, 6)"},
        ResultCase{"*", {"DECIMAL(30, 10)", "DECIMAL(30, 10)"}, "DECIMAL(38, 6)"},
        ResultCase{"%", {"DECIMAL(10, 2)", "DECIMAL(5, 4)"}, "DECIMAL(5, 4)"},
        ResultCase{"/", {"INT", "INT NOT NULL"}, "INT"},
        ResultCase{"+", {"INT NOT NULL", "BIGINT NOT NULL"}, "BIGINT NOT NULL"},
        ResultCase{"*", {"DECIMAL(5, 2)", "DOUBLE"}, "DOUBLE"},
        ResultCase{"CEIL", {"DECIMAL(5, 2)"}, "DECIMAL(5, 0)"},
        ResultCase{"ROUND", {"DECIMAL(5, 2) NOT NULL"}, "DECIMAL(4, 0) NOT NULL"},
        ResultCase{"ABS", {"DECIMAL(5, 2)"}, "DECIMAL(5, 2)"},
        ResultCase{"=", {"INT NOT NULL", "BIGINT NOT NULL"}, "BOOLEAN NOT NULL"},
        ResultCase{"=", {"INT", "BIGINT NOT NULL"}, "BOOLEAN"},
        ResultCase{"IS NULL", {"INT"}, "BOOLEAN NOT NULL"},
        ResultCase{"COALESCE", {"INT", "BIGINT NOT NULL"}, "BIGINT NOT NULL"},
        ResultCase{"IF", {"BOOLEAN", "INT NOT NULL", "INT NOT NULL"}, "INT NOT NULL"},
        ResultCase{"NULLIF", {"INT NOT NULL", "INT NOT NULL"}, "INT"},
        ResultCase{"YEAR", {"DATE NOT NULL"}, "BIGINT NOT NULL"},
        ResultCase{"CHAR_LENGTH", {"STRING"}, "INT"},
        ResultCase{"TO_TIMESTAMP", {"STRING NOT NULL"}, "TIMESTAMP(3)"},
        ResultCase{"-", {"TIMESTAMP(3)", "TIMESTAMP(3)"}, "INTERVAL DAY TO SECOND"},
        ResultCase{"+",
                   {"TIMESTAMP_LTZ(3) NOT NULL", "INTERVAL DAY TO SECOND NOT NULL"},
                   "TIMESTAMP_LTZ(3) NOT NULL"},
        ResultCase{"+", {"DATE", "INTERVAL YEAR TO MONTH"}, "DATE"},
        ResultCase{"SPIN", {"STRING NOT NULL", "INT NOT NULL"}, "STRING NOT NULL"},
        ResultCase{"=",
                   {"ROW<`a` INT>", "ROW<`a` INT>"},
                   "error: NotImplemented: comparison of ROW values; compare their fields"},
        ResultCase{"+",
                   {"TIMESTAMP(3)", "TIMESTAMP(3)"},
                   "error: operator + cannot take (TIMESTAMP(3), TIMESTAMP(3))"}));

TEST(CommonType, OfKindsThatMeet) {
  const auto common = [](const std::vector<std::string>& texts) {
    std::vector<Type> types;
    for (const std::string& text : texts) types.push_back(parse_type(text).value());
    const auto type = common_type(types);
    return type ? type->to_string() : "error: " + type.error().message;
  };
  EXPECT_EQ(common({"INT NOT NULL", "BIGINT NOT NULL"}), "BIGINT NOT NULL");
  EXPECT_EQ(common({"INT NOT NULL", "NULL"}), "INT");
  EXPECT_EQ(common({"BIGINT", "DECIMAL(5, 2)"}), "DECIMAL(21, 2)");
  EXPECT_EQ(common({"DECIMAL(38, 0)", "DECIMAL(38, 38)"}), "DECIMAL(38, 0)");
  EXPECT_EQ(common({"DECIMAL(5, 2)", "DOUBLE"}), "DOUBLE");
  EXPECT_EQ(common({"DATE", "TIMESTAMP(3)", "TIMESTAMP_LTZ(3)"}), "TIMESTAMP_LTZ(3)");
  EXPECT_EQ(common({"ROW<`a` INT NOT NULL>", "ROW<`b` BIGINT NOT NULL>"}),
            "ROW<`a` BIGINT NOT NULL>");
  EXPECT_EQ(common({"INT", "STRING"}), "error: no common type of INT and STRING; use CAST");
  EXPECT_EQ(common({"BOOLEAN", "INT"}), "error: no common type of BOOLEAN and INT; use CAST");
}

TEST(AggregateType, FollowsFlinksRules) {
  const auto aggregate = [](std::string_view name, const std::vector<std::string>& texts) {
    std::vector<Type> types;
    for (const std::string& text : texts) types.push_back(parse_type(text).value());
    const auto type = aggregate_type(name, types);
    return type ? type->to_string() : "error: " + type.error().message;
  };
  EXPECT_EQ(aggregate("COUNT", {}), "BIGINT NOT NULL");
  EXPECT_EQ(aggregate("COUNT", {"STRING"}), "BIGINT NOT NULL");
  EXPECT_EQ(aggregate("SUM", {"INT NOT NULL"}), "INT");
  EXPECT_EQ(aggregate("SUM", {"DECIMAL(5, 2)"}), "DECIMAL(38, 2)");
  EXPECT_EQ(aggregate("AVG", {"INT"}), "INT");
  EXPECT_EQ(aggregate("AVG", {"DECIMAL(5, 2)"}), "DECIMAL(38, 6)");
  EXPECT_EQ(aggregate("AVG", {"DOUBLE"}), "DOUBLE");
  EXPECT_EQ(aggregate("MAX", {"STRING NOT NULL"}), "STRING");
  EXPECT_EQ(aggregate("SUM", {"STRING"}), "error: SUM expects a number, got STRING");
  EXPECT_EQ(aggregate("MIN", {"ROW<`a` INT>"}),
            "error: MIN expects a type that has an order, got ROW<`a` INT>");
  EXPECT_EQ(aggregate("MIN", {}), "error: MIN expects one argument, got 0");
  EXPECT_EQ(aggregate("MEDIAN", {"INT"}), "error: unknown aggregate function MEDIAN");
}

TEST(Coerce, FoldsLiteralsAndCastsTheRest) {
  const Type wide = Type::of(TypeKind::kBigint);
  const Expr folded = coerce(literal("5"), wide);
  EXPECT_EQ(folded.kind, Expr::Kind::kLiteral);
  EXPECT_EQ(folded.to_string(), "5");
  EXPECT_FALSE(folded.type.nullable);
  const Expr column = Expr::of_column(0, Type::of(TypeKind::kInt).not_null());
  EXPECT_EQ(coerce(column, wide).to_string(), "CAST($0 AS BIGINT)");
  EXPECT_FALSE(coerce(column, wide).type.nullable);
  EXPECT_EQ(coerce(column, Type::of(TypeKind::kInt)), column);
  EXPECT_EQ(coerce(literal("'x'"), wide).kind,
            Expr::Kind::kCast);  // fails only where it is evaluated
}

TEST(Cast, ToADecimalThatMayBeTooSmallIsNullable) {
  const Expr column = Expr::of_column(0, Type::of(TypeKind::kBigint).not_null());
  EXPECT_FALSE(Expr::cast(column, Type::decimal(19, 0)).type.nullable);
  EXPECT_TRUE(Expr::cast(column, Type::decimal(19, 1)).type.nullable);
  const Expr decimal = Expr::of_column(0, Type::decimal(4, 2).not_null());
  EXPECT_TRUE(Expr::cast(decimal, Type::decimal(2, 0)).type.nullable);  // 99.9 rounds to 100
  EXPECT_FALSE(Expr::cast(decimal, Type::decimal(3, 0)).type.nullable);
}

TEST(Expr, ShowsItselfAsSql) {
  const Expr price = Expr::of_column(2, Type::of(TypeKind::kBigint));
  const Expr dollars = resolve_call("*", {price, literal("0.908")}).value();
  EXPECT_EQ(dollars.to_string(), "$2 * 0.908");
  const Expr both = resolve_call("+", {dollars, literal("1")}).value();
  EXPECT_EQ(both.to_string(), "($2 * 0.908) + 1");
  EXPECT_EQ(resolve_call("IS NULL", {dollars}).value().to_string(), "($2 * 0.908) IS NULL");
  EXPECT_EQ(resolve_call("IN", {price, literal("1"), literal("2")}).value().to_string(),
            "$2 IN (1, 2)");
  EXPECT_EQ(resolve_call("UPPER", {literal("'it's'")}).value().to_string(), "UPPER('it''s')");
  EXPECT_EQ(resolve_call("IF", {literal("TRUE"), price, literal("1L")}).value().to_string(),
            "CASE WHEN TRUE THEN $2 ELSE 1 END");
  EXPECT_EQ(resolve_call("-", {literal("TIMESTAMP 2020-01-01 00:00:00"), literal("DAYS 1000")})
                .value()
                .to_string(),
            "TIMESTAMP '2020-01-01 00:00:00.000' - INTERVAL '+0 00:00:01.000' DAY TO SECOND");
}

TEST(Expr, ColumnsAreCollectedOnceInOrderAndRemapped) {
  const Type type = Type::of(TypeKind::kInt);
  const Expr sum = resolve_call("+", {Expr::of_column(7, type), Expr::of_column(3, type)}).value();
  const Expr expr = resolve_call("*", {sum, Expr::of_column(7, type)}).value();
  std::vector<std::size_t> columns;
  collect_columns(expr, columns);
  EXPECT_EQ(columns, (std::vector<std::size_t>{3, 7}));
  EXPECT_EQ(remap_columns(expr, {9, 9, 9, 0, 9, 9, 9, 1}).to_string(), "($1 + $0) * $1");
}

}  // namespace
}  // namespace penstock
