#pragma once

#include "runtime/sql/bind_query.h"

namespace penstock::sql {

// One INSERT INTO: rows that fit the table, column by column.
struct Target {
  std::shared_ptr<const Table> table;
  RelPtr rel;
  Place place;
};
Parsed<Target> bind_insert(const Insert& written, const Catalog& catalog);

}  // namespace penstock::sql
