#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/columns/text.h"
#include "runtime/expr/evaluate.h"
#include "runtime/expr/functions.h"

namespace penstock {

// A literal from its text: 1 is INT, 1L BIGINT, 1.5 DECIMAL(2, 1), 1e0 DOUBLE, 'a' STRING, TRUE;
// "DATE 2020-01-01", "TIMESTAMP ...", "LTZ ...", "DAYS <milliseconds>", "MONTHS <n>", "NULL
// <type>".
inline Expr literal(std::string_view text) {
  const auto make = [](auto value, TypeKind kind) {
    return Expr::of_literal({.is = std::move(value)}, Type::of(kind).not_null());
  };
  const auto after = [&](std::string_view word) { return text.substr(word.size()); };
  if (text.starts_with("'"))
    return make(std::string(text.substr(1, text.size() - 2)), TypeKind::kString);
  if (text == "TRUE" || text == "FALSE") return make(text == "TRUE", TypeKind::kBoolean);
  if (text.starts_with("NULL ")) return Expr::of_literal({}, parse_type(after("NULL ")).value());
  if (text == "NULL") return Expr::of_literal({}, Type::of(TypeKind::kNull));
  if (text.starts_with("DATE ")) return make(parse_date(after("DATE ")).value(), TypeKind::kDate);
  if (text.starts_with("TIMESTAMP "))
    return make(parse_timestamp(after("TIMESTAMP ")).value(), TypeKind::kTimestamp);
  if (text.starts_with("LTZ "))
    return make(parse_timestamp(after("LTZ ")).value(), TypeKind::kTimestampLtz);
  if (text.starts_with("DAYS "))
    return make(parse_bigint(after("DAYS ")).value(), TypeKind::kDayInterval);
  if (text.starts_with("MONTHS "))
    return make(parse_int(after("MONTHS ")).value(), TypeKind::kMonthInterval);
  if (text.ends_with("L"))
    return make(parse_bigint(text.substr(0, text.size() - 1)).value(), TypeKind::kBigint);
  if (text.find('e') != text.npos) return make(parse_double(text).value(), TypeKind::kDouble);
  const std::size_t point = text.find('.');
  if (point == text.npos) return make(parse_int(text).value(), TypeKind::kInt);
  std::string digits(text);
  digits.erase(point, 1);
  const auto scale = static_cast<int>(text.size() - point - 1);
  std::string_view whole = text.substr(0, point);
  if (whole.starts_with('-')) whole.remove_prefix(1);
  const int before = whole == "0" ? 0 : static_cast<int>(whole.size());
  return Expr::of_literal({.is = Int128{parse_bigint(digits).value()}},
                          Type::decimal(before + scale, scale).not_null());
}

inline std::vector<Expr> literals(const std::vector<std::string>& texts) {
  std::vector<Expr> out;
  for (const std::string& text : texts) out.push_back(literal(text));
  return out;
}

inline std::string shown(const Value& value, const Type& type) {
  std::string text;
  append_value(text, value, type);
  return text;
}

// What a call yields: its value's text, or "error: ...".
inline std::string constant_outcome(std::string_view function,
                                    const std::vector<std::string>& arguments) {
  const auto expr = resolve_call(function, literals(arguments));
  if (!expr) return "error: " + expr.error().message;
  const auto value = evaluate_constant(*expr);
  return value ? shown(*value, expr->type) : "error: " + value.error().message;
}

// The same with each argument a column of five rows: the second is NULL everywhere, the others hold
// the argument. Says so when the rows differ from each other or when NULL does not answer NULL.
inline std::string column_outcome(std::string_view function,
                                  const std::vector<std::string>& arguments,
                                  const std::vector<std::size_t>& stay_literal = {}) {
  constexpr std::size_t kRows = 5;
  std::vector<Expr> exprs = literals(arguments);
  std::vector<Column> columns;
  for (std::size_t i = 0; i < exprs.size(); ++i) {
    if (std::find(stay_literal.begin(), stay_literal.end(), i) != stay_literal.end()) continue;
    if (exprs[i].type.kind == TypeKind::kNull) continue;
    const Type type = exprs[i].type.as_nullable();
    ColumnBuilder builder(type);
    for (std::size_t row = 0; row < kRows; ++row)
      builder.append(row == 1 ? Value{} : exprs[i].literal);
    exprs[i] = Expr::of_column(columns.size(), type);
    columns.push_back(builder.finish());
  }
  const auto expr = resolve_call(function, std::move(exprs));
  if (!expr) return "error: " + expr.error().message;
  ManualClock clock;
  auto evaluator = Evaluator::make(*expr, clock);
  if (!evaluator) return "error: " + evaluator.error().message;
  const Batch batch{.columns = std::move(columns), .physical_rows = kRows};
  const auto column = evaluator->evaluate(batch);
  if (!column) return "error: " + column.error().message;
  const std::string first = shown(column->value_at(0), expr->type);
  for (std::size_t row = 0; row < kRows; ++row)
    if (row != 1 && shown(column->value_at(row), expr->type) != first) return "rows differ";
  return first;
}

}  // namespace penstock
