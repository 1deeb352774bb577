#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/graph/graph.h"

namespace penstock {

// Short texts about parts of a plan, shared by explain and by messages.

std::string_view function_name(AggregateFunction function);  // "COUNT"
std::string describe_types(const std::vector<Type>& types);  // "(BIGINT, STRING)"
std::string describe_window(const WindowSpec& window);       // "HOP(size 10s, slide 2s)"
// "auction, price" for columns of a schema.
std::string describe_columns(const std::vector<std::size_t>& columns, const Schema& schema);
// Expr::to_string with the names of `schema` in place of $0, $1, ...
std::string describe_expression(const Expr& expr, const Schema& schema);
// "COUNT(DISTINCT price) FILTER ($f)"
std::string describe_call(const AggregateCall& call, const Schema& input);
// What one operator does, without its name, inputs and state.
std::string describe_spec(const StreamGraph& graph, OperatorId id);

}  // namespace penstock
