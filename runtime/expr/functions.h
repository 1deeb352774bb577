#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/expr/expr.h"

namespace penstock {

// What the binder must know of a scalar function. Operators are functions too, under these names:
// + - * / % (arithmetic, also dates with intervals), = <> < <= > >=, NOT, NEG, IS NULL, IS NOT
// NULL, IS TRUE, IS FALSE, IS NOT TRUE, IS NOT FALSE, IS DISTINCT FROM, IS NOT DISTINCT FROM, LIKE
// (2 or 3 arguments),
// || , IN (value, item...), BETWEEN is rewritten by the binder.
//
// Resolves a call by name (upper case) and argument types: finds the overload, adds the casts that
// it needs and derives the result type by Flink's rules. kInvalid says what was expected
// ("SUBSTRING expects (STRING, INT[, INT]), got (BIGINT)"); an unknown name is kNotFound and names
// near ones ("did you mean ...").
Result<Expr> resolve_call(std::string_view name, std::vector<Expr> arguments);

// Names of all scalar functions, sorted; for near-name suggestions and documentation.
std::vector<std::string_view> function_names();

// The type both sides of a comparison, CASE branches or UNION columns are cast to; kInvalid when
// there is none.
Result<Type> common_type(std::span<const Type> types);
// Whether CAST(from AS to) exists.
bool can_cast(const Type& from, const Type& to);
// `expr` itself when it has `type`'s kind already, else a cast of it. Literals are folded.
Expr coerce(Expr expr, const Type& type);

// Aggregates: COUNT (0 or 1 argument), SUM, AVG, MIN, MAX.
// The result type by Flink's rules: SUM(INT) is INT, AVG(INT) is INT, SUM(DECIMAL(p,s)) is
// DECIMAL(38,s), ... Nullable but for COUNT.
bool is_aggregate(std::string_view name);
Result<Type> aggregate_type(std::string_view name, std::span<const Type> arguments);

// True when a call of it may differ between rows with equal arguments: PROCTIME, NOW, RAND,
// CURRENT_TIMESTAMP, UUID.
bool is_volatile(std::string_view name);

// The known name nearest to `name` within edit distance 2 (case-blind), or empty.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace penstock
