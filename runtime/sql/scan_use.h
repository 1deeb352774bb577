#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/sql/rel.h"

namespace penstock::sql {

// What all queries of a job use of one table.
struct ScanUse {
  std::shared_ptr<const Table> table;
  // Used columns, each with the fields used of a ROW (empty: all).
  std::map<std::size_t, std::vector<std::size_t>> columns;
  // Equalities that hold for every use; nothing yet: any.
  std::optional<std::vector<std::pair<std::size_t, Value>>> equals;
  bool watermark = false;  // somebody waits for it
};

// By table name. `rels` are pruned: each scan is below a Calc.
std::map<std::string, ScanUse> scan_uses(const std::vector<RelPtr>& rels);
// The source of a table, decoding only what is used; `position` maps declared columns to decoded
// ones.
SourceSpec source_of(const ScanUse& use, std::vector<std::size_t>& position);

}  // namespace penstock::sql
