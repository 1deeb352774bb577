#include <gtest/gtest.h>

#include "runtime/exec/operators/calc.h"
#include "runtime/exec/operators/union_all.h"
#include "runtime/exec/operators/window_assign.h"
#include "tests/unit/runtime/exec/operators/operator_driver.h"

namespace penstock {
namespace {

const Type kNumber = Type::of(TypeKind::kBigint);
const Schema kInput{
    {{"a", kNumber}, {"s", Type::of(TypeKind::kString)}, {"t", Type::of(TypeKind::kTimestamp)}}};

Expr column(std::size_t i) { return Expr::of_column(i, kInput.fields[i].type); }
Expr number(std::int64_t value) { return Expr::of_literal(Value{value}, kNumber); }

// One instance and direct access to batches.
struct Stage {
  explicit Stage(OperatorSpec spec, Schema output, std::vector<Schema> inputs = {kInput})
      : plan(OperatorPlan::of(std::move(spec), inputs, std::move(output),
                              std::vector<std::vector<std::size_t>>(inputs.size()))) {
    auto made = make_operator({.graph = plan.graph,
                               .id = plan.id,
                               .clock = clock,
                               .counters = counters,
                               .memory = memory});
    CHECK(made.has_value());
    op = std::move(made).value();
  }
  std::optional<Batch> run(Batch batch, std::size_t input = 0) {
    const Status status = op->on_batch(input, std::move(batch));
    EXPECT_TRUE(status) << status.error().message;
    return next();
  }
  std::optional<Batch> next() {
    auto out = op->next();
    EXPECT_TRUE(out);
    return *out;
  }

  OperatorPlan plan;
  ManualClock clock{0};
  OperatorCounters counters;
  MemoryBudget memory{1 << 20};
  std::unique_ptr<Operator> op;
};

Batch input_rows(std::int64_t rows) {
  std::vector<std::vector<Value>> values;
  for (std::int64_t i = 0; i < rows; ++i)
    values.push_back({Value{i}, Value{"row " + std::to_string(i)}, Value{i * 100}});
  return Batch::of(columns_of(OperatorDriver::types_of(kInput), values));
}

std::vector<std::int64_t> numbers(const Batch& batch, std::size_t column_number = 0) {
  const Batch dense = batch.dense();
  const auto values = dense.columns[column_number].values<std::int64_t>();
  return {values.begin(), values.end()};
}

TEST(Calc, PassesColumnsOnWithoutCopying) {
  Stage calc(CalcSpec{.projections = {column(2), column(0)}},
             {{kInput.fields[2], kInput.fields[0]}});
  const Batch in = input_rows(5);
  const auto out = calc.run(in);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->columns[1].values<std::int64_t>().data(),
            in.columns[0].values<std::int64_t>().data());
  EXPECT_FALSE(calc.next());
}

TEST(Calc, FilteringAloneSelects) {
  Stage calc(CalcSpec{.filter = resolve_call(">", {column(0), number(1)}).value(),
                      .projections = {column(0)}},
             {{kInput.fields[0]}});
  const auto out = calc.run(input_rows(5));
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->selection);
  EXPECT_EQ(numbers(*out), (std::vector<std::int64_t>{2, 3, 4}));
}

TEST(Calc, ComputesOnlyForRowsThatPassAndKeepsTheirKinds) {
  // 10 / (a - 3) would fail for the row that the filter drops.
  const Expr divided =
      resolve_call("%", {number(10), resolve_call("-", {column(0), number(3)}).value()}).value();
  Stage calc(CalcSpec{.filter = resolve_call("<>", {column(0), number(3)}).value(),
                      .projections = {column(0), divided}},
             {{kInput.fields[0], {"d", divided.type}}});
  Batch in = input_rows(6);
  auto kinds = allocate_values<RowKind>(6);
  for (std::size_t i = 0; i < 6; ++i) kinds[i] = i % 2 == 0 ? RowKind::kInsert : RowKind::kDelete;
  in.kinds = kinds;
  in.selection =
      std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{1, 3, 4, 5});
  const auto out = calc.run(in);
  ASSERT_TRUE(out);
  EXPECT_EQ(numbers(*out, 0), (std::vector<std::int64_t>{1, 4, 5}));
  EXPECT_EQ(numbers(*out, 1), (std::vector<std::int64_t>{0, 0, 0}));
  EXPECT_EQ(out->dense().kind_at(0), RowKind::kDelete);
  EXPECT_EQ(out->dense().kind_at(1), RowKind::kInsert);
}

TEST(Calc, ACheapProjectionKeepsTheSelection) {
  const Expr negative = resolve_call("NEG", {column(0)}).value();
  Stage calc(CalcSpec{.filter = resolve_call("<>", {column(0), number(3)}).value(),
                      .projections = {column(0), negative}},
             {{kInput.fields[0], {"n", negative.type}}});
  const auto out = calc.run(input_rows(6));
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->selection);
  EXPECT_EQ(numbers(*out, 1), (std::vector<std::int64_t>{0, -1, -2, -4, -5}));
}

TEST(Calc, AFilterThatDropsEverythingYieldsNothing) {
  Stage calc(CalcSpec{.filter = resolve_call("<", {column(0), number(0)}).value(),
                      .projections = {column(0)}},
             {{kInput.fields[0]}});
  EXPECT_FALSE(calc.run(input_rows(5)));
}

TEST(Calc, FewSurvivorsAreGathered) {
  Stage calc(CalcSpec{.filter = resolve_call("=", {column(0), number(70)}).value(),
                      .projections = {column(1)}},
             {{kInput.fields[1]}});
  const auto out = calc.run(input_rows(100));
  ASSERT_TRUE(out);
  EXPECT_FALSE(out->selection);
  EXPECT_EQ(out->physical_rows, 1u);
  EXPECT_EQ(out->columns[0].values<std::string_view>()[0], "row 70");
}

TEST(Calc, NoColumnsAreCounted) {
  Stage calc(CalcSpec{.filter = resolve_call(">", {column(0), number(1)}).value()}, {});
  const auto out = calc.run(input_rows(5));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->rows(), 3u);
}

Schema assigned() {
  Schema schema = kInput;
  for (const char* name : {"window_start", "window_end", "window_time"})
    schema.fields.push_back({name, Type::of(TypeKind::kTimestamp)});
  return schema;
}

TEST(WindowAssign, HopEmitsARowOncePerWindow) {
  Stage assign(
      WindowAssignSpec{
          .window = {.kind = WindowSpec::Kind::kHop, .size = 300, .slide = 100, .time_column = 2}},
      assigned());
  const auto out = assign.run(input_rows(2));
  ASSERT_TRUE(out);
  EXPECT_EQ(numbers(*out, 0), (std::vector<std::int64_t>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(numbers(*out, 3), (std::vector<std::int64_t>{-200, -100, 0, -100, 0, 100}));
  EXPECT_EQ(numbers(*out, 4), (std::vector<std::int64_t>{100, 200, 300, 200, 300, 400}));
  EXPECT_EQ(numbers(*out, 5), (std::vector<std::int64_t>{99, 199, 299, 199, 299, 399}));
}

TEST(WindowAssign, ExpansionIsCutIntoBatches) {
  Stage assign(
      WindowAssignSpec{
          .window = {.kind = WindowSpec::Kind::kHop, .size = 500, .slide = 100, .time_column = 2}},
      assigned());
  std::size_t rows = 0;
  for (auto out = assign.run(input_rows(4000)); out; out = assign.next()) {
    EXPECT_LE(out->rows(), kMaxBatchRows);
    rows += out->rows();
  }
  EXPECT_EQ(rows, 20000u);
}

TEST(WindowAssign, TumbleSharesItsInputsColumns) {
  Stage assign(
      WindowAssignSpec{.window = {.size = 250, .slide = 250, .offset = 50, .time_column = 2}},
      assigned());
  const Batch in = input_rows(4);
  const auto out = assign.run(in);
  ASSERT_TRUE(out);
  EXPECT_EQ(out->columns[0].values<std::int64_t>().data(),
            in.columns[0].values<std::int64_t>().data());
  EXPECT_EQ(numbers(*out, 3), (std::vector<std::int64_t>{-200, 50, 50, 300}));
}

TEST(UnionAll, PassesBatchesOfAllInputsOn) {
  Stage all(UnionSpec{}, kInput, {kInput, kInput});
  EXPECT_EQ(all.run(input_rows(3), 0)->rows(), 3u);
  EXPECT_EQ(all.run(input_rows(2), 1)->rows(), 2u);
  EXPECT_FALSE(all.next());
}

TEST(MakeOperator, RefusesWhatItCannotCompute) {
  const AggregateCall sum{.function = AggregateFunction::kSum, .argument = 1, .type = kNumber};
  const OperatorPlan plan =
      OperatorPlan::of(GroupAggregateSpec{.keys = {0}, .aggregates = {sum}}, {kInput},
                       {{kInput.fields[0], {"sum", kNumber}}}, {{0}});
  ManualClock clock;
  OperatorCounters counters;
  MemoryBudget memory(1 << 20);
  const auto made = make_operator(
      {.graph = plan.graph, .id = plan.id, .clock = clock, .counters = counters, .memory = memory});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "tested: NotImplemented: SUM and AVG over STRING");
}

}  // namespace
}  // namespace penstock
