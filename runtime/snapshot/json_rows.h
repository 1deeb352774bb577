#pragma once

#include <string>

#include "runtime/columns/column.h"
#include "runtime/state/unit_rows.h"

namespace penstock {

// A value as JSON: numbers, booleans, null; a ROW is a list; everything else is the text that SQL
// shows.
void append_json(std::string& out, const Value& value, const Type& type);

// The rows of one table, one JSON document a line: {"operator", "state", "group", "window"?, "key",
// "value"}.
std::string json_lines(std::string_view operator_name, KeyGroup group, const TableRows& table);

}  // namespace penstock
