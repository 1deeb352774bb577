#pragma once

#include "runtime/sql/rel.h"
#include "runtime/sql/syntax.h"

namespace penstock::sql {

// The WITH (...) of a table, checked against what its connector and its format declare: sets
// connector and options of `table`. Values that hold ${NAME} are checked once it is resolved, see
// check_resolved_options.
Done check_options(const CreateTable& written, Table& table);
// kInvalid naming table, option and what was expected.
Status check_resolved_options(const std::string& table, const std::string& connector,
                              const Options& options);

bool can_read(const Table& table);
bool can_write(const Table& table);
// Whether a table, as a sink, takes rows that update or delete.
bool accepts_changelog(const Table& table);
// Whether reading the table may come to an end.
bool is_bounded(const Table& table);
// "filesystem with format json": for messages.
std::string describe_table_kind(const Table& table);

}  // namespace penstock::sql
