#pragma once

#include <string>
#include <vector>

#include "runtime/sql/rel.h"

namespace penstock::sql {

// The tables of a FROM clause and their columns in a row.
struct Scope {
  struct Part {
    std::string alias;  // empty: its columns can only be named alone
    std::size_t first = 0;
    std::size_t count = 0;
  };
  std::vector<Part> parts;
  std::vector<RelColumn> columns;

  void add(std::string alias, const std::vector<RelColumn>& more) {
    parts.push_back({std::move(alias), columns.size(), more.size()});
    columns.insert(columns.end(), more.begin(), more.end());
  }
};

// Resolves a.b.c: a table's column, or a column; what is left over are fields of ROWs. The error
// names a near column or table.
Parsed<Expr> resolve_name(const Scope& scope, Place place, const std::vector<std::string>& name);
// The field of a ROW.
Parsed<Expr> resolve_field(Place place, Expr row, const std::string& field);

std::string nearest_of(const std::string& name, const std::vector<std::string>& known);
std::string joined(const std::vector<std::string>& names, const char* between);

}  // namespace penstock::sql
