#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/expr/expr.h"

namespace penstock {

// One overload of a function whose result type follows from a pattern. One letter per parameter:
//   S STRING   L BIGINT (an INT is cast)   D DOUBLE (any number is cast)   N any number, as it is
//   B BOOLEAN  T a timestamp (a DATE, TIMESTAMP_LTZ or STRING is cast)  U a literal unit of time
//   A anything, as it is
// '|' begins the optional ones, '*' after the last one lets it repeat (also not at all).
// Result: S, L, D, B as above, I INT, d DATE, t TIMESTAMP(3), z TIMESTAMP_LTZ(3), 0 the first
// argument's type. It is NULL-able if any argument is; '?' after it: always, '!': never.
struct Signature {
  std::string_view name;
  std::string_view parameters;
  std::string_view result;
};

std::span<const Signature> signatures();
// All overloads of `name`, in order; the first that fits counts.
std::span<const Signature> find_signatures(std::string_view name);
Result<Expr> resolve_signatures(std::string_view name, std::span<const Signature> overloads,
                                std::vector<Expr> arguments);

// "(BIGINT, STRING)"
std::string types_text(std::span<const Expr> arguments);
bool any_nullable(std::span<const Expr> arguments);

}  // namespace penstock
