#pragma once

#include <map>
#include <memory>
#include <string>

#include "runtime/sql/rel.h"
#include "runtime/sql/syntax.h"

namespace penstock::sql {

// What statements have declared so far. Tables and views share their names.
struct Catalog {
  std::map<std::string, std::shared_ptr<const Table>> tables;
  std::map<std::string, RelPtr> views;
};

// Resolves a query to a plan.
Parsed<RelPtr> bind_query(const Query& query, const Catalog& catalog);

Fault unknown_table(const Catalog& catalog, Place place, const std::string& name);

}  // namespace penstock::sql
