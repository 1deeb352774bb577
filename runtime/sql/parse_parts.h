#pragma once

#include "runtime/sql/syntax.h"
#include "runtime/sql/token_stream.h"

namespace penstock::sql {

// The parts of the grammar, each reading from where the stream stands.

Parsed<ExprNode> parse_expression(TokenStream& tokens);
Parsed<Query> parse_query(TokenStream& tokens);

// Whether VARCHAR(n) may lose its length: a declared column is STRING, but CAST(x AS VARCHAR(n))
// would have to cut.
enum class TypeUse : std::uint8_t { kColumn, kCast };
Parsed<Type> read_type(TokenStream& tokens, TypeUse use);

}  // namespace penstock::sql
