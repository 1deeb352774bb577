#pragma once

#include <vector>

#include "runtime/sql/insert.h"

namespace penstock::sql {

// The operators of all targets: each scan once with the columns that any of them uses, equal
// sub-plans once, every operator named by what it does.
Parsed<StreamGraph> build_graph(std::vector<Target> targets);

// "group-by-auction": the name of an operator before it is made unique. A name of "" in `inputs`
// marks a bound of a window, which is not named.
std::string base_name(const OperatorSpec& spec, const std::vector<std::vector<std::string>>& inputs,
                      const Schema& output);

}  // namespace penstock::sql
