#pragma once

#include "runtime/sql/bind_expression.h"

namespace penstock::sql {

// GROUP BY: the keys, then the aggregates, over the rows of `input`. It becomes an aggregation per
// window where the keys hold the bounds of one. `names` are those of both.
Parsed<RelPtr> plan_aggregate(const RelPtr& input, const std::vector<Expr>& keys,
                              const std::vector<std::string>& names,
                              const std::vector<BoundAggregate>& aggregates, Place place);

}  // namespace penstock::sql
