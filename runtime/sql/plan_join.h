#pragma once

#include <vector>

#include "runtime/sql/rel.h"

namespace penstock::sql {

// Inner joins of two or more tables, from left to right; the conjuncts are over the columns of all
// of them in a row. Each goes to the table, the keys or the condition of the first join that has
// its columns. A join without an equality is refused.
Parsed<RelPtr> plan_joins(const std::vector<RelPtr>& tables, const std::vector<Expr>& conjuncts,
                          Place place);

}  // namespace penstock::sql
