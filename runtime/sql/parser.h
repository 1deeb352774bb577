#pragma once

#include <string_view>
#include <vector>

#include "runtime/sql/syntax.h"

namespace penstock::sql {

// The statements of a script, separated by semicolons. Never crashes, whatever the bytes: nesting
// is limited.
Parsed<std::vector<Statement>> parse(std::string_view text);

}  // namespace penstock::sql
