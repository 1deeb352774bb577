#pragma once

#include "runtime/sql/bind_query.h"
#include "runtime/sql/scope.h"

namespace penstock::sql {

// A FROM clause with its WHERE: the rows, and the names of their columns.
struct From {
  RelPtr rel;
  Scope scope;
};
Parsed<From> bind_from(const TableRef& from, const std::optional<ExprNode>& where,
                       const Catalog& catalog);

}  // namespace penstock::sql
