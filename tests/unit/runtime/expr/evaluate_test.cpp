#include "runtime/expr/evaluate.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cmath>
#include <optional>

#include "expression_cases.h"
#include "runtime/base/random.h"

namespace penstock {
namespace {

const Type kInt = Type::of(TypeKind::kInt);
const Type kBigint = Type::of(TypeKind::kBigint);

Column bigints(const std::vector<std::optional<std::int64_t>>& values) {
  ColumnBuilder builder(kBigint);
  for (const auto& value : values) value ? builder.append({.is = *value}) : builder.append_null();
  return builder.finish();
}

std::string evaluated(const Expr& expr, const Batch& batch) {
  ManualClock clock;
  auto evaluator = Evaluator::make(expr, clock);
  if (!evaluator) return "error: " + evaluator.error().message;
  const auto column = evaluator->evaluate(batch);
  if (!column) return "error: " + column.error().message;
  EXPECT_EQ(column->rows(), batch.physical_rows);
  std::string out;
  for (std::size_t row = 0; row < column->rows(); ++row)
    out += (row > 0 ? " " : "") + shown(column->value_at(row), expr.type);
  return out;
}

Expr logic(Expr::Kind kind, std::vector<Expr> arguments) {
  return {.kind = kind, .type = Type::of(TypeKind::kBoolean), .arguments = std::move(arguments)};
}

Expr column(std::size_t index) { return Expr::of_column(index, kBigint); }
Expr call(std::string_view name, std::vector<Expr> arguments) {
  return resolve_call(name, std::move(arguments)).value();
}

TEST(Evaluate, GuardsProtectDivisions) {
  const Batch batch = Batch::of({bigints({1, 0, 5, std::nullopt})});
  const Expr not_zero = call("<>", {column(0), literal("0L")});
  const Expr quotient = call("/", {literal("10L"), column(0)});
  const Expr large = call(">", {quotient, literal("3L")});
  EXPECT_EQ(evaluated(logic(Expr::Kind::kAnd, {not_zero, large}), batch), "TRUE FALSE FALSE NULL");
  const Expr zero = call("=", {column(0), literal("0L")});
  EXPECT_EQ(evaluated(logic(Expr::Kind::kOr, {zero, large}), batch), "TRUE TRUE FALSE NULL");
  EXPECT_EQ(evaluated(call("IF", {not_zero, quotient, literal("-1L")}), batch), "10 -1 2 -1");
  EXPECT_EQ(evaluated(call("COALESCE", {call("NULLIF", {column(0), literal("0L")}), quotient}),
                      Batch::of({bigints({1, 5})})),
            "1 5");
  EXPECT_EQ(evaluated(large, batch), "error: division by zero: 10 / 0");
}

TEST(Evaluate, AConstantThatFailsFailsOnlyWhereItIsReached) {
  const Batch batch = Batch::of({bigints({1, 2})});
  const Expr bad = call("/", {literal("1L"), literal("0L")});
  const Expr never = call("<", {column(0), literal("0L")});
  EXPECT_EQ(evaluated(call("IF", {never, bad, column(0)}), batch), "1 2");
  EXPECT_EQ(evaluated(bad, batch), "error: division by zero: 1 / 0");
}

TEST(Evaluate, CaseTakesTheFirstTrueBranchOfEachRow) {
  const Batch batch = Batch::of({bigints({1, 5, 9, std::nullopt})});
  Expr expr{.kind = Expr::Kind::kCase, .type = Type::of(TypeKind::kString)};
  expr.arguments = {call("<", {column(0), literal("3L")}), literal("'small'"),
                    call("<", {column(0), literal("7L")}),
                    Expr::cast(column(0), Type::of(TypeKind::kString)), literal("'other'")};
  EXPECT_EQ(evaluated(expr, batch), "small 5 other other");
}

TEST(Evaluate, CaseOfCheapBranchesChoosesByRowToo) {
  const Batch batch = Batch::of({bigints({1, 5, 9, std::nullopt}), bigints({10, 50, 90, 100})});
  Expr expr{.kind = Expr::Kind::kCase, .type = Type::of(TypeKind::kBigint)};
  expr.arguments = {call("<", {column(0), literal("3L")}), column(1),
                    call("<", {column(0), literal("7L")}), literal("NULL"), column(0)};
  EXPECT_EQ(evaluated(expr, batch), "10 NULL 9 NULL");
  expr.arguments = {call("<", {column(1), literal("70L")}), literal("7L"), column(1)};
  EXPECT_EQ(evaluated(expr, batch), "7 7 90 100");
}

TEST(Evaluate, ThreeValuedLogicIsTheTruthTable) {
  const std::vector<std::string> names = {"FALSE", "TRUE", "NULL"};
  const std::vector<Value> values = {{.is = false}, {.is = true}, {}};
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = 0; b < 3; ++b) {
      const Type type = Type::of(TypeKind::kBoolean);
      const Batch batch =
          Batch::of({Column::repeat(type, values[a], 3), Column::repeat(type, values[b], 3)});
      const std::vector<Expr> both = {Expr::of_column(0, type), Expr::of_column(1, type)};
      const std::string conjunction = a == 0 || b == 0   ? "FALSE"
                                      : a == 2 || b == 2 ? "NULL"
                                                         : "TRUE";
      const std::string disjunction = a == 1 || b == 1   ? "TRUE"
                                      : a == 2 || b == 2 ? "NULL"
                                                         : "FALSE";
      const auto thrice = [](const std::string& text) { return text + " " + text + " " + text; };
      EXPECT_EQ(evaluated(logic(Expr::Kind::kAnd, both), batch), thrice(conjunction))
          << names[a] << names[b];
      EXPECT_EQ(evaluated(logic(Expr::Kind::kOr, both), batch), thrice(disjunction))
          << names[a] << names[b];
    }
  }
}

TEST(Evaluate, SelectYieldsTheTrueRows) {
  ManualClock clock;
  const Batch batch = Batch::of({bigints({1, std::nullopt, 123, 246, 7})});
  const Expr modulo = call("=", {call("%", {column(0), literal("123L")}), literal("0L")});
  auto evaluator = Evaluator::make(modulo, clock).value();
  EXPECT_EQ(evaluator.select(batch).value(), (std::vector<std::uint32_t>{2, 3}));
  auto always = Evaluator::make(literal("TRUE"), clock).value();
  EXPECT_EQ(always.select(batch).value(), (std::vector<std::uint32_t>{0, 1, 2, 3, 4}));
  auto unknown = Evaluator::make(literal("NULL BOOLEAN"), clock).value();
  EXPECT_TRUE(unknown.select(batch).value().empty());
}

TEST(Evaluate, EmptyBatchesAndConstantsHaveTheRightNumberOfRows) {
  ManualClock clock;
  auto evaluator = Evaluator::make(literal("'x'"), clock).value();
  EXPECT_EQ(evaluator.evaluate({.physical_rows = 0}).value().rows(), 0u);
  EXPECT_EQ(evaluator.evaluate({.physical_rows = 3}).value().rows(), 3u);
}

TEST(Evaluate, FieldsOfNullRowsAreNull) {
  const Type type = parse_type("ROW<`a` INT, `b` ROW<`c` STRING>>").value();
  ColumnBuilder builder(type);
  builder.append(
      {.is = std::vector<Value>{{.is = 1}, {.is = std::vector<Value>{{.is = std::string("x")}}}}});
  builder.append_null();
  builder.append({.is = std::vector<Value>{{.is = 3}, {}}});
  const Batch batch = Batch::of({builder.finish()});
  const auto field = [](Expr of, std::size_t index) {
    const Type inner = (*of.type.fields)[index].type;
    return Expr{
        .kind = Expr::Kind::kField, .type = inner, .column = index, .arguments = {std::move(of)}};
  };
  const Expr row = Expr::of_column(0, type);
  EXPECT_EQ(evaluated(field(row, 0), batch), "1 NULL 3");
  EXPECT_EQ(evaluated(field(field(row, 1), 0), batch), "x NULL NULL");
  EXPECT_EQ(evaluated(call("+", {field(row, 0), literal("1")}), batch), "2 NULL 4");
}

TEST(Evaluate, TextResultsOutliveTheirInputs) {
  ManualClock clock;
  auto evaluator =
      Evaluator::make(
          call("SUBSTRING", {Expr::of_column(0, Type::of(TypeKind::kString)), literal("2")}), clock)
          .value();
  std::optional<Column> result;
  {
    ColumnBuilder builder(Type::of(TypeKind::kString));
    for (int i = 0; i < 1000; ++i)
      builder.append({.is = "x" + std::string(50, static_cast<char>('a' + i % 26))});
    result = evaluator.evaluate(Batch::of({builder.finish()})).value();
  }
  EXPECT_EQ(std::get<std::string>(result->value_at(27).is), std::string(50, 'b'));
}

TEST(Evaluate, VariablesMustBeResolvedBefore) {
  ManualClock clock;
  const Expr variable{
      .kind = Expr::Kind::kVariable, .type = Type::of(TypeKind::kString), .function = "${A}"};
  EXPECT_EQ(Evaluator::make(variable, clock).error().message, "a variable without a value: ${A}");
}

TEST(Spin, BurnsCpuTimeOfTheCallingThread) {
  ManualClock clock;
  auto evaluator = Evaluator::make(call("SPIN", {column(0), literal("100")}), clock).value();
  const Batch batch = Batch::of({Column::repeat(kBigint, {.is = std::int64_t{7}}, 100)});
  const auto cpu = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  const double start = cpu();
  EXPECT_EQ(evaluator.evaluate(batch).value().value_at(99), (Value{.is = std::int64_t{7}}));
  EXPECT_GE(cpu() - start, 0.0099);
}

TEST(HashRows, DependsOnValuesAndOrderButNotOnNullability) {
  const Column a = bigints({1, 2, 3});
  const Column b = bigints({3, 2, 1});
  const Column nullable = bigints({1, 2, std::nullopt});
  std::uint64_t ab[3], ba[3], once[3], with_null[3], none[3];
  hash_rows({&a, &b}, 3, ab);
  hash_rows({&b, &a}, 3, ba);
  hash_rows({&a}, 3, once);
  hash_rows({&nullable}, 3, with_null);
  hash_rows({}, 3, none);
  EXPECT_NE(ab[0], ba[0]);
  EXPECT_EQ(ab[1], ba[1]);
  EXPECT_EQ(once[0], with_null[0]);
  EXPECT_NE(once[2], with_null[2]);
  EXPECT_EQ(none[1], 0u);
}

// The hash decides the key group of stored state: these numbers never change.
TEST(HashRows, IsFixed) {
  const auto hash = [](std::string_view text) {
    const Expr value = literal(text);
    const Column one = Column::repeat(value.type, value.literal, 1);
    std::uint64_t out = 0;
    hash_rows({&one}, 1, &out);
    return out;
  };
  EXPECT_EQ(hash("0L"), 0x34d2fe82daccaea6u);
  EXPECT_EQ(hash("1L"), 0xae36df257b47098du);
  EXPECT_EQ(hash("1"), 0xae36df257b47098du);
  EXPECT_EQ(hash("'abc'"), 0xf9d9fd58121f7f45u);
  EXPECT_EQ(hash("NULL BIGINT"), 0xafcb79f7e4f60b07u);
  EXPECT_EQ(hash("1.5"), 0xb5df392d9d3da32au);
  EXPECT_EQ(hash("1.5e0"), 0x4772896821f90318u);
  EXPECT_EQ(hash("0e0"), hash("-0e0"));
}

TEST(HashRows, SpreadsConsecutiveKeysEvenly) {
  constexpr std::size_t kRows = 72'000;
  constexpr std::size_t kGroups = 720;
  std::vector<std::int64_t> keys(kRows);
  for (std::size_t i = 0; i < kRows; ++i) keys[i] = static_cast<std::int64_t>(i);
  auto values = allocate_values<std::int64_t>(kRows);
  std::ranges::copy(keys, values.get());
  const Column all(kBigint.not_null(), kRows, values, nullptr);
  std::vector<std::uint64_t> hashes(kRows);
  hash_rows({&all}, kRows, hashes.data());
  for (const int shift : {0, 16, 32}) {
    std::vector<double> counts(kGroups);
    for (const std::uint64_t hash : hashes) ++counts[(hash >> shift) % kGroups];
    double chi = 0;
    for (const double count : counts) chi += (count - 100) * (count - 100) / 100;
    EXPECT_NEAR(chi, 719, 6 * std::sqrt(2 * 719.0)) << "bits from " << shift;
  }
}

// Random trees of + - * comparisons, AND, OR, NOT and CASE over three BIGINT columns, against a
// row-at-a-time evaluation in this file.
class RandomTrees : public testing::TestWithParam<std::uint64_t> {
 protected:
  struct Cell {
    bool null = false;
    std::int64_t value = 0;  // also 0 or 1 for a BOOLEAN
  };

  Expr number(int depth) {
    if (depth == 0 || random_.below(4) == 0) {
      if (random_.below(3) == 0)
        return literal(std::to_string(static_cast<int>(random_.below(7)) - 3) + "L");
      return column(random_.below(3));
    }
    if (random_.below(5) == 0)
      return call("IF", {truth(depth - 1), number(depth - 1), number(depth - 1)});
    if (random_.below(6) == 0) return call("COALESCE", {number(depth - 1), number(depth - 1)});
    if (random_.below(6) == 0) return call("NEG", {number(depth - 1)});
    const char* const names[] = {"+", "-", "*", "GREATEST", "LEAST"};
    return call(names[random_.below(5)], {number(depth - 1), number(depth - 1)});
  }
  Expr truth(int depth) {
    if (depth == 0 || random_.below(3) == 0) {
      const char* const names[] = {"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"};
      const int below = std::max(0, depth - 1);
      return call(names[random_.below(7)], {number(below), number(below)});
    }
    if (random_.below(4) == 0) return call("NOT", {truth(depth - 1)});
    if (random_.below(5) == 0) return call("IS NULL", {number(depth - 1)});
    if (random_.below(5) == 0) return call("IN", {number(depth - 1), number(0), number(0)});
    return logic(random_.below(2) == 0 ? Expr::Kind::kAnd : Expr::Kind::kOr,
                 {truth(depth - 1), truth(depth - 1)});
  }

  static Cell of(const Expr& e, const std::vector<Cell>& row) {
    const auto arg = [&](std::size_t i) { return of(e.arguments[i], row); };
    const std::string& f = e.function;
    if (e.kind == Expr::Kind::kColumn) return row[e.column];
    if (e.kind == Expr::Kind::kLiteral) return {.value = std::get<std::int64_t>(e.literal.is)};
    if (e.kind == Expr::Kind::kCase) {
      const Cell when = arg(0);
      return !when.null && when.value != 0 ? arg(1) : arg(2);
    }
    if (e.kind == Expr::Kind::kAnd || e.kind == Expr::Kind::kOr) {
      const std::int64_t decides = e.kind == Expr::Kind::kAnd ? 0 : 1;
      const Cell a = arg(0);
      const Cell b = arg(1);
      if ((!a.null && a.value == decides) || (!b.null && b.value == decides))
        return {.value = decides};
      return {.null = a.null || b.null, .value = 1 - decides};
    }
    if (f == "COALESCE") return arg(0).null ? arg(1) : arg(0);
    if (f == "IS NULL") return {.value = arg(0).null ? 1 : 0};
    const Cell a = arg(0);
    if (f == "NOT") return {.null = a.null, .value = 1 - a.value};
    if (f == "NEG")
      return {.null = a.null,
              .value = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(a.value))};
    const Cell b = arg(1);
    if (f == "IS DISTINCT FROM")
      return {.value = a.null != b.null || (!a.null && a.value != b.value) ? 1 : 0};
    if (f == "IN") {
      const Cell c = arg(2);
      if (a.null) return {.null = true};
      if ((!b.null && a.value == b.value) || (!c.null && a.value == c.value)) return {.value = 1};
      return {.null = b.null || c.null};
    }
    if (a.null || b.null) return {.null = true};
    const auto x = static_cast<std::uint64_t>(a.value);
    const auto y = static_cast<std::uint64_t>(b.value);
    if (f == "+") return {.value = static_cast<std::int64_t>(x + y)};
    if (f == "-") return {.value = static_cast<std::int64_t>(x - y)};
    if (f == "*") return {.value = static_cast<std::int64_t>(x * y)};
    if (f == "GREATEST") return {.value = std::max(a.value, b.value)};
    if (f == "LEAST") return {.value = std::min(a.value, b.value)};
    if (f == "=") return {.value = a.value == b.value};
    if (f == "<>") return {.value = a.value != b.value};
    if (f == "<") return {.value = a.value < b.value};
    if (f == "<=") return {.value = a.value <= b.value};
    if (f == ">") return {.value = a.value > b.value};
    EXPECT_EQ(f, ">=");
    return {.value = a.value >= b.value};
  }

  Random random_{GetParam()};
};

TEST_P(RandomTrees, AgreeWithOneRowAtATime) {
  constexpr std::size_t kRows = 64;
  ManualClock clock;
  for (int tree = 0; tree < 60; ++tree) {
    std::vector<std::vector<Cell>> rows(kRows, std::vector<Cell>(3));
    std::vector<Column> columns;
    for (std::size_t i = 0; i < 3; ++i) {
      const bool nulls = random_.below(3) != 0;
      ColumnBuilder builder(kBigint);
      for (auto& row : rows) {
        row[i] = {.null = nulls && random_.below(4) == 0,
                  .value = random_.below(8) == 0 ? static_cast<std::int64_t>(random_.next())
                                                 : static_cast<std::int64_t>(random_.below(7)) - 3};
        row[i].null ? builder.append_null() : builder.append({.is = row[i].value});
      }
      columns.push_back(builder.finish());
    }
    const Expr expr = random_.below(2) == 0 ? number(4) : truth(4);
    auto evaluator = Evaluator::make(expr, clock).value();
    const Column result = evaluator.evaluate(Batch::of(columns)).value();
    const bool boolean = expr.type.kind == TypeKind::kBoolean;
    for (std::size_t row = 0; row < kRows; ++row) {
      const Cell expect = of(expr, rows[row]);
      ASSERT_EQ(result.is_null(row), expect.null)
          << "seed " << GetParam() << ", row " << row << ": " << expr.to_string();
      if (expect.null) continue;
      const std::int64_t got =
          boolean ? result.values<std::uint8_t>()[row] : result.values<std::int64_t>()[row];
      ASSERT_EQ(got, expect.value)
          << "seed " << GetParam() << ", row " << row << ": " << expr.to_string();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTrees, testing::Range<std::uint64_t>(1, 41));

TEST(ConstantDivisor, AgreesWithDivision) {
  const std::uint64_t seed = 99;
  Random random(seed);
  ManualClock clock;
  std::vector<std::int64_t> values = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1, 123, -123};
  while (values.size() < 2000)
    values.push_back(static_cast<std::int64_t>(random.next() >> random.below(64)));
  auto shared = allocate_values<std::int64_t>(values.size());
  std::ranges::copy(values, shared.get());
  const Column all(kBigint.not_null(), values.size(), shared, nullptr);
  std::vector<std::int64_t> divisors = {1,   -1,   2,         -2,        3,    7,
                                        123, 1024, INT64_MAX, INT64_MIN, -123, 10};
  for (int i = 0; i < 200; ++i)
    divisors.push_back(static_cast<std::int64_t>(random.next() >> random.below(63)) | 1);
  for (const std::int64_t divisor : divisors) {
    const Expr by = Expr::of_literal({.is = divisor}, kBigint.not_null());
    auto quotient = Evaluator::make(call("/", {column(0), by}), clock).value();
    auto rest = Evaluator::make(call("%", {column(0), by}), clock).value();
    const Column quotients = quotient.evaluate(Batch::of({all})).value();
    const Column rests = rest.evaluate(Batch::of({all})).value();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const Int128 exact = Int128{values[i]} / divisor;
      ASSERT_EQ(quotients.values<std::int64_t>()[i], static_cast<std::int64_t>(exact))
          << values[i] << " / " << divisor << " seed " << seed;
      ASSERT_EQ(rests.values<std::int64_t>()[i],
                static_cast<std::int64_t>(Int128{values[i]} % divisor))
          << values[i] << " % " << divisor << " seed " << seed;
    }
  }
}

}  // namespace
}  // namespace penstock
