#pragma once

#include "runtime/sql/bind_expression.h"

namespace penstock::sql {

// Literals as typed expressions.
Parsed<Expr> interval_literal(const ExprNode& node);
Parsed<Expr> number_literal(const ExprNode& node);
Parsed<Expr> typed_literal(const ExprNode& node);  // DATE '...', TIMESTAMP '...'
Parsed<Expr> text_literal(const ExprNode& node);   // kVariable where it holds ${NAME}

}  // namespace penstock::sql
