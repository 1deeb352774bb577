#include "runtime/columns/calendar.h"
#include "runtime/expr/functions.h"
#include "runtime/expr/signatures.h"
#include "runtime/expr/special_calls.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

Error mismatch(std::string_view name, std::span<const Expr> arguments) {
  std::string message = "operator " + std::string(name) + " cannot take " + types_text(arguments);
  bool text = false;
  for (const Expr& argument : arguments) text |= argument.type.kind == TypeKind::kString;
  if (text)
    message += name == "+" ? "; text is joined with ||" : "; CAST the text to a number first";
  return {Code::kInvalid, std::move(message)};
}

Expr finish(std::string_view name, Type type, std::vector<Expr> arguments,
            bool may_be_null = false) {
  type.nullable = may_be_null || any_nullable(arguments);
  return Expr::call(std::string(name), std::move(type), std::move(arguments));
}

DecimalRule rule_of(std::string_view name) {
  if (name == "*") return DecimalRule::kMultiply;
  if (name == "/") return DecimalRule::kDivide;
  return name == "%" ? DecimalRule::kModulo : DecimalRule::kAdd;
}

Result<Expr> numeric(std::string_view name, std::vector<Expr> arguments) {
  const Type& a = arguments[0].type;
  const Type& b = arguments[1].type;
  if (is_exact(a) && is_exact(b) && !(is_integer(a) && is_integer(b))) {
    // The kernels take integers and decimals of any scale as they are.
    DecimalResult result = decimal_result(rule_of(name), a, b);
    return finish(name, std::move(result.type), std::move(arguments), result.may_overflow);
  }
  const std::array types = {a, b};
  TRY_ASSIGN(const Type type, common_type(types));
  for (Expr& argument : arguments) argument = coerce(std::move(argument), type);
  return finish(name, type, std::move(arguments));
}

bool whole_days(const Expr& interval) {
  const auto* millis = std::get_if<std::int64_t>(&interval.literal.is);
  return millis != nullptr && *millis % kMillisPerDay == 0;
}

bool is_temporal(const Type& type) { return type.kind == TypeKind::kDate || is_timestamp(type); }

Result<Expr> shift(std::string_view name, std::vector<Expr> arguments) {
  // A DATE stays one only where no time of day can come out.
  if (arguments[0].type.kind == TypeKind::kDate &&
      arguments[1].type.kind == TypeKind::kDayInterval && !whole_days(arguments[1]))
    arguments[0] = coerce(std::move(arguments[0]), Type::of(TypeKind::kTimestamp));
  Type type = arguments[0].type;
  return finish(name, std::move(type), std::move(arguments));
}

Result<Expr> temporal(std::string_view name, std::vector<Expr> arguments) {
  const Type a = arguments[0].type;
  const Type b = arguments[1].type;
  const bool adds = name == "+" || name == "-";
  if (adds && is_temporal(a) && is_interval(b)) return shift(name, std::move(arguments));
  if (name == "+" && is_interval(a) && is_temporal(b)) {
    std::swap(arguments[0], arguments[1]);
    return shift(name, std::move(arguments));
  }
  if (name == "-" && is_temporal(a) && is_temporal(b)) {
    for (Expr& argument : arguments)
      argument = coerce(std::move(argument), Type::of(TypeKind::kTimestamp));
    return finish(name, Type::of(TypeKind::kDayInterval), std::move(arguments));
  }
  if (adds && is_interval(a) && a.same_kind(b)) return finish(name, a, std::move(arguments));
  if (name == "*" && is_integer(a) && is_interval(b)) std::swap(arguments[0], arguments[1]);
  if (name == "*" && is_interval(arguments[0].type) && is_integer(arguments[1].type)) {
    const Type type = arguments[0].type;
    const bool days = type.kind == TypeKind::kDayInterval;
    arguments[1] =
        coerce(std::move(arguments[1]), Type::of(days ? TypeKind::kBigint : TypeKind::kInt));
    return finish(name, type, std::move(arguments));
  }
  return mismatch(name, arguments);
}

}  // namespace

Result<Expr> resolve_arithmetic(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 2)
    return Error{Code::kInvalid, "operator " + std::string(name) + " expects two operands, got " +
                                     std::to_string(arguments.size())};
  // A bare NULL takes the other side's type.
  for (std::size_t i = 0; i < 2; ++i) {
    if (arguments[i].type.kind != TypeKind::kNull) continue;
    const Type& other = arguments[1 - i].type;
    arguments[i] =
        coerce(std::move(arguments[i]),
               is_numeric(other) || is_interval(other) ? other : Type::of(TypeKind::kInt));
  }
  if (is_numeric(arguments[0].type) && is_numeric(arguments[1].type))
    return numeric(name, std::move(arguments));
  return temporal(name, std::move(arguments));
}

}  // namespace penstock
