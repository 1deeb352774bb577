#pragma once

#include <string>
#include <vector>

#include "runtime/sql/scope.h"
#include "runtime/sql/syntax.h"

namespace penstock::sql {

// An aggregate of a SELECT, over the rows before grouping.
struct BoundAggregate {
  AggregateFunction function = AggregateFunction::kCount;
  std::optional<Expr> argument;
  bool distinct = false;
  std::optional<Expr> filter;
  Type type;
  friend bool operator==(const BoundAggregate&, const BoundAggregate&) = default;
};

// Resolves names and types. With `aggregates` set, aggregate calls are allowed; each becomes column
// scope.columns.size() + its number.
Parsed<Expr> bind(const ExprNode& node, const Scope& scope,
                  std::vector<BoundAggregate>* aggregates = nullptr);
// The same, and it is BOOLEAN; `what` as in "WHERE".
Parsed<Expr> bind_condition(const ExprNode& node, const Scope& scope, const char* what,
                            std::vector<BoundAggregate>* aggregates = nullptr);
// INTERVAL '...' of days to seconds, as milliseconds.
Parsed<Millis> constant_millis(const ExprNode& node, const char* what);

// Whether the expression, not looking into FILTER, holds an aggregate call.
bool holds_aggregate(const ExprNode& node);
// A name for a column without alias: the last part of a name, "EXPR$0" otherwise.
std::string name_for(const ExprNode& node, std::size_t position);

// `${NAME}` in a text: whether there is any, and that each is well formed.
bool has_variable(std::string_view text);
Done check_variables(Place place, std::string_view text);

}  // namespace penstock::sql
