#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "runtime/expr/expr.h"

namespace penstock::sql {

// Pure functions over bound expressions.

// AND of all, flattened; nothing for none.
std::optional<Expr> conjunction(std::vector<Expr> conjuncts);
std::vector<Expr> conjuncts_of(const std::optional<Expr>& filter);

std::vector<std::size_t> columns_of(const Expr& expr);
// `expr` over the rows that `projections` compute, written over the rows that those are computed
// from.
Expr substitute(const Expr& expr, const std::vector<Expr>& projections);
// A column, a field of one, or a literal: costs nothing to compute again.
bool is_trivial(const Expr& expr);
bool has_volatile(const Expr& expr);
int depth_of(const Expr& expr);
// How often each of `columns` columns is read.
void count_columns(const Expr& expr, std::vector<std::size_t>& counts);

// `column = literal` conjuncts of a filter.
std::vector<std::pair<std::size_t, Value>> equalities(const std::vector<Expr>& conjuncts);
// `expr` where the columns have those values: decided comparisons and CASE branches are folded.
Expr simplify(const Expr& expr, const std::vector<std::pair<std::size_t, Value>>& known);

}  // namespace penstock::sql
