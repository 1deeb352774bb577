#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/expr/expr.h"

namespace penstock {

// A function whose result type needs more than a pattern: operators, comparisons, conditions.
struct SpecialCall {
  std::string_view name;
  Result<Expr> (*resolve)(std::string_view name, std::vector<Expr> arguments);
};

std::span<const SpecialCall> special_calls();
const SpecialCall* find_special_call(std::string_view name);  // nullptr: none

// + - * / % of numbers, dates, timestamps and intervals.
Result<Expr> resolve_arithmetic(std::string_view name, std::vector<Expr> arguments);

}  // namespace penstock
