#include "runtime/expr/types.h"

#include <algorithm>

#include "runtime/columns/decimal.h"
#include "runtime/expr/evaluate.h"
#include "runtime/expr/functions.h"

namespace penstock {
namespace {

// DECIMAL(precision, scale) of the exact rule, cut to 38 digits: digits before the point win, but
// at least min(scale, 6) digits after it stay.
DecimalResult limited(int precision, int scale) {
  if (precision <= kMaxPrecision) return {.type = Type::decimal(precision, scale)};
  const int digits = precision - scale;
  const int kept = std::max(kMaxPrecision - digits, std::min(scale, 6));
  return {.type = Type::decimal(kMaxPrecision, kept), .may_overflow = true};
}

Type common_exact(const Type& a, const Type& b) {
  if (is_integer(a) && is_integer(b)) return Type::of(std::max(a.kind, b.kind));
  const Type left = as_decimal(a);
  const Type right = as_decimal(b);
  const int scale = std::max(left.scale, right.scale);
  const int digits = std::max(left.precision - left.scale, right.precision - right.scale);
  const int kept = std::min(scale, kMaxPrecision - digits);
  return Type::decimal(digits + kept, kept);
}

Result<Type> common_of_two(const Type& a, const Type& b) {
  const auto none = [&] {
    return Error{Code::kInvalid,
                 "no common type of " + a.to_string() + " and " + b.to_string() + "; use CAST"};
  };
  const auto with_nulls = [&](Type type) {
    type.nullable = a.nullable || b.nullable;
    return type;
  };
  if (a.kind == TypeKind::kNull) return b.as_nullable();
  if (b.kind == TypeKind::kNull) return a.as_nullable();
  if (a.kind == TypeKind::kRow && b.kind == TypeKind::kRow) {
    if (a.fields->size() != b.fields->size()) return none();
    std::vector<Field> fields;
    for (std::size_t i = 0; i < a.fields->size(); ++i) {
      TRY_ASSIGN(Type field, common_of_two((*a.fields)[i].type, (*b.fields)[i].type));
      fields.push_back({.name = (*a.fields)[i].name, .type = std::move(field)});
    }
    return with_nulls(Type::row(std::move(fields)));
  }
  if (a.same_kind(b)) return with_nulls(a);
  if (is_exact(a) && is_exact(b)) return with_nulls(common_exact(a, b));
  if (is_numeric(a) && is_numeric(b)) return with_nulls(Type::of(TypeKind::kDouble));
  const auto temporal = [](const Type& type) {
    return type.kind == TypeKind::kDate || is_timestamp(type);
  };
  // Later kinds hold more: DATE, TIMESTAMP, TIMESTAMP_LTZ.
  if (temporal(a) && temporal(b)) return with_nulls(Type::of(std::max(a.kind, b.kind)));
  return none();
}

}  // namespace

bool is_integer(const Type& type) {
  return type.kind == TypeKind::kInt || type.kind == TypeKind::kBigint;
}
bool is_exact(const Type& type) { return is_integer(type) || type.kind == TypeKind::kDecimal; }
bool is_numeric(const Type& type) { return is_exact(type) || type.kind == TypeKind::kDouble; }
bool is_timestamp(const Type& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestampLtz;
}
bool is_interval(const Type& type) {
  return type.kind == TypeKind::kDayInterval || type.kind == TypeKind::kMonthInterval;
}

Type as_decimal(const Type& exact) {
  if (exact.kind == TypeKind::kInt) return Type::decimal(10, 0);
  if (exact.kind == TypeKind::kBigint) return Type::decimal(19, 0);
  return exact.as_nullable();
}

DecimalResult decimal_result(DecimalRule rule, const Type& left, const Type& right) {
  const Type a = as_decimal(left);
  const Type b = as_decimal(right);
  const int wide = std::max(a.scale, b.scale);
  switch (rule) {
    case DecimalRule::kAdd:
      return limited(std::max(a.precision - a.scale, b.precision - b.scale) + wide + 1, wide);
    case DecimalRule::kMultiply:
      return limited(a.precision + b.precision + 1, a.scale + b.scale);
    case DecimalRule::kDivide: {
      const int scale = std::max(6, a.scale + b.precision + 1);
      return limited(a.precision - a.scale + b.scale + scale, scale);
    }
    case DecimalRule::kModulo:
      break;
  }
  const int digits = std::min(a.precision - a.scale, b.precision - b.scale);
  DecimalResult result = limited(std::max(1, digits + wide), wide);
  // The operands are brought to one scale first, and the larger one may not fit there.
  result.may_overflow |=
      std::max(a.precision - a.scale, b.precision - b.scale) + wide > kMaxPrecision;
  return result;
}

Type rounded_decimal(const Type& decimal, int digits) {
  if (digits >= decimal.scale) return decimal.as_nullable();
  const int kept = std::max(0, digits);
  return Type::decimal(std::min(kMaxPrecision, 1 + decimal.precision - decimal.scale + kept), kept);
}

bool cast_may_overflow(const Type& from, const Type& to) {
  if (to.kind != TypeKind::kDecimal || from.kind == TypeKind::kNull) return false;
  if (from.kind == TypeKind::kBoolean) return to.precision == to.scale;
  if (!is_exact(from)) return true;
  const Type exact = as_decimal(from);
  const int digits = exact.precision - exact.scale;
  // A digit that is rounded away may carry: 9.9 needs two digits as DECIMAL(p, 0).
  const int carry = to.scale < exact.scale ? 1 : 0;
  return digits + carry > to.precision - to.scale;
}

Result<Type> common_type(std::span<const Type> types) {
  if (types.empty()) return Error{Code::kInvalid, "no common type of nothing"};
  Type common = types[0];
  for (const Type& type : types.subspan(1)) {
    TRY_ASSIGN(common, common_of_two(common, type));
  }
  return common;
}

bool can_cast(const Type& from, const Type& to) {
  using enum TypeKind;
  if (to.kind == kNull) return from.kind == kNull;
  if (from.kind == kNull || from.same_kind(to)) return true;
  if (from.kind == kRow) {
    if (to.kind == kString) return true;
    if (to.kind != kRow || from.fields->size() != to.fields->size()) return false;
    for (std::size_t i = 0; i < from.fields->size(); ++i)
      if (!can_cast((*from.fields)[i].type, (*to.fields)[i].type)) return false;
    return true;
  }
  if (to.kind == kString) return true;
  if (to.kind == kRow || is_interval(from) || is_interval(to)) return false;
  if (from.kind == kString) return true;
  const auto number = [](const Type& type) { return is_numeric(type) || type.kind == kBoolean; };
  return number(from) == number(to);  // dates and timestamps among themselves, numbers too
}

Expr coerce(Expr expr, const Type& type) {
  if (expr.type.same_kind(type)) return expr;
  const bool literal = expr.kind == Expr::Kind::kLiteral;
  Expr cast = Expr::cast(std::move(expr), type);
  if (!literal) return cast;
  auto value = evaluate_constant(cast);
  if (!value) return cast;  // fails where it is evaluated
  Type folded = cast.type;
  folded.nullable = value->null();
  return Expr::of_literal(std::move(value).value(), std::move(folded));
}

bool is_aggregate(std::string_view name) {
  return name == "COUNT" || name == "SUM" || name == "AVG" || name == "MIN" || name == "MAX";
}

Result<Type> aggregate_type(std::string_view name, std::span<const Type> arguments) {
  if (!is_aggregate(name))
    return Error{Code::kNotFound, "unknown aggregate function " + std::string(name)};
  if (name == "COUNT") {
    if (arguments.size() > 1)
      return Error{Code::kInvalid, "NotImplemented: COUNT of more than one argument"};
    return Type::of(TypeKind::kBigint).not_null();
  }
  if (arguments.size() != 1)
    return Error{Code::kInvalid, std::string(name) + " expects one argument, got " +
                                     std::to_string(arguments.size())};
  const Type type = arguments[0].as_nullable();
  const auto mismatch = [&](std::string_view wanted) {
    return Error{Code::kInvalid, std::string(name) + " expects " + std::string(wanted) + ", got " +
                                     arguments[0].to_string()};
  };
  if (name == "MIN" || name == "MAX") {
    if (type.kind == TypeKind::kRow || type.kind == TypeKind::kNull)
      return mismatch("a type that has an order");
    return type;
  }
  if (!is_numeric(type)) return mismatch("a number");
  if (type.kind != TypeKind::kDecimal) return type;
  if (name == "SUM") return Type::decimal(kMaxPrecision, type.scale);
  return decimal_result(DecimalRule::kDivide, Type::decimal(kMaxPrecision, type.scale),
                        Type::decimal(20, 0))
      .type;
}

}  // namespace penstock
