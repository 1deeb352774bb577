#include "runtime/expr/special_calls.h"

#include <algorithm>
#include <array>

#include "runtime/expr/functions.h"
#include "runtime/expr/signatures.h"
#include "runtime/expr/time_unit.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

Error expects(std::string_view name, std::string_view wanted, std::span<const Expr> arguments) {
  return {Code::kInvalid,
          std::string(name) + " expects " + std::string(wanted) + ", got " + types_text(arguments)};
}

Type boolean(bool nullable) {
  Type type = Type::of(TypeKind::kBoolean);
  type.nullable = nullable;
  return type;
}

std::vector<Type> types_of(std::span<const Expr> arguments) {
  std::vector<Type> types;
  for (const Expr& argument : arguments) types.push_back(argument.type);
  return types;
}

bool is_temporal(const Type& type) { return type.kind == TypeKind::kDate || is_timestamp(type); }

// As common_type; text beside dates and timestamps is read as one of them.
Result<Type> comparison_type(std::span<const Expr> arguments) {
  std::vector<Type> types = types_of(arguments);
  const auto temporal = std::ranges::find_if(types, is_temporal);
  if (temporal != types.end()) {
    const Type as = *temporal;
    for (Type& type : types)
      if (type.kind == TypeKind::kString) type = as;
  }
  return common_type(types);
}

void coerce_all(std::vector<Expr>& arguments, const Type& type) {
  for (Expr& argument : arguments) argument = coerce(std::move(argument), type);
}

Result<Expr> resolve_comparison(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 2) return expects(name, "two operands", arguments);
  auto type = comparison_type(arguments);
  if (!type) return type.error().within("operator " + std::string(name));
  if (type->kind == TypeKind::kRow)
    return Error{Code::kInvalid, "NotImplemented: comparison of ROW values; compare their fields"};
  if (type->kind == TypeKind::kNull) *type = Type::of(TypeKind::kBoolean);
  coerce_all(arguments, *type);
  const bool nullable = !name.starts_with("IS") && any_nullable(arguments);
  return Expr::call(std::string(name), boolean(nullable), std::move(arguments));
}

Result<Expr> resolve_is_null(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 1) return expects(name, "one operand", arguments);
  if (arguments[0].type.kind == TypeKind::kNull)
    arguments[0] = coerce(std::move(arguments[0]), Type::of(TypeKind::kBoolean));
  return Expr::call(std::string(name), boolean(false), std::move(arguments));
}

Result<Expr> resolve_is_true(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() == 1 && arguments[0].type.kind == TypeKind::kNull)
    arguments[0] = coerce(std::move(arguments[0]), Type::of(TypeKind::kBoolean));
  if (arguments.size() != 1 || arguments[0].type.kind != TypeKind::kBoolean)
    return expects(name, "BOOLEAN", arguments);
  return Expr::call(std::string(name), boolean(false), std::move(arguments));
}

Result<Expr> resolve_negation(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 1 || !(is_numeric(arguments[0].type) || is_interval(arguments[0].type)))
    return expects("operator -", "a number or an interval", arguments);
  const Type type = arguments[0].type;
  return Expr::call(std::string(name), type, std::move(arguments));
}

Result<Expr> resolve_in(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() < 2) return expects(name, "a value and at least one item", arguments);
  auto type = comparison_type(arguments);
  if (!type) return type.error().within("IN");
  if (type->kind == TypeKind::kRow || type->kind == TypeKind::kNull)
    return expects(name, "values that can be compared", arguments);
  coerce_all(arguments, *type);
  return Expr::call(std::string(name), boolean(any_nullable(arguments)), std::move(arguments));
}

Result<Expr> resolve_coalesce(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.empty()) return expects(name, "at least one argument", arguments);
  if (name == "IFNULL" && arguments.size() != 2) return expects(name, "two arguments", arguments);
  auto type = common_type(types_of(arguments));
  if (!type) return type.error().within(name);
  coerce_all(arguments, *type);
  type->nullable = std::ranges::all_of(arguments, [](const Expr& e) { return e.type.nullable; });
  return Expr::call("COALESCE", std::move(type).value(), std::move(arguments));
}

Expr make_case(Expr condition, Expr yes, Expr no, Type type) {
  type.nullable = yes.type.nullable || no.type.nullable;
  Expr out{.kind = Expr::Kind::kCase, .type = std::move(type)};
  out.arguments.push_back(std::move(condition));
  out.arguments.push_back(std::move(yes));
  out.arguments.push_back(std::move(no));
  return out;
}

Result<Expr> resolve_if(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() == 3 && arguments[0].type.kind == TypeKind::kNull)
    arguments[0] = coerce(std::move(arguments[0]), Type::of(TypeKind::kBoolean));
  if (arguments.size() != 3 || arguments[0].type.kind != TypeKind::kBoolean)
    return expects(name, "(BOOLEAN, value, value)", arguments);
  auto type = common_type(std::array{arguments[1].type, arguments[2].type});
  if (!type) return type.error().within(name);
  Expr yes = coerce(std::move(arguments[1]), *type);
  Expr no = coerce(std::move(arguments[2]), *type);
  return make_case(std::move(arguments[0]), std::move(yes), std::move(no), std::move(type).value());
}

Result<Expr> resolve_nullif(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 2) return expects(name, "two arguments", arguments);
  Expr value = arguments[0];
  const Type type = value.type;
  auto equal = resolve_comparison("=", std::move(arguments));
  if (!equal) return equal.error().within(name);
  return make_case(std::move(equal).value(), Expr::of_literal({}, type.as_nullable()),
                   std::move(value), type);
}

Result<Expr> resolve_extreme(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.empty()) return expects(name, "at least one argument", arguments);
  auto type = common_type(types_of(arguments));
  if (!type) return type.error().within(name);
  if (type->kind == TypeKind::kRow || type->kind == TypeKind::kNull)
    return expects(name, "values that have an order", arguments);
  coerce_all(arguments, *type);
  type->nullable = any_nullable(arguments);
  return Expr::call(std::string(name), std::move(type).value(), std::move(arguments));
}

std::optional<TimeUnit> literal_unit(const Expr& expr) {
  const auto* text = std::get_if<std::string>(&expr.literal.is);
  return text == nullptr ? std::nullopt : parse_time_unit(*text);
}

// FLOOR(time TO unit): over TIMESTAMP; a DATE comes back as one.
Result<Expr> resolve_time_rounding(std::string_view name, std::vector<Expr> arguments) {
  const auto unit = literal_unit(arguments[1]);
  if (!unit || !is_span(*unit) || !is_temporal(arguments[0].type))
    return expects(name, "a number, or a date or timestamp and a unit from MILLISECOND to YEAR",
                   arguments);
  Type type = arguments[0].type;
  if (type.kind == TypeKind::kDate) {
    arguments[0] = coerce(std::move(arguments[0]), Type::of(TypeKind::kTimestamp));
    Type between = arguments[0].type;
    return Expr::cast(Expr::call(std::string(name), between, std::move(arguments)), type);
  }
  return Expr::call(std::string(name), std::move(type), std::move(arguments));
}

Result<Expr> resolve_floor(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() == 2) return resolve_time_rounding(name, std::move(arguments));
  if (arguments.size() != 1 || !is_numeric(arguments[0].type))
    return expects(name, "a number, or a date or timestamp and a unit", arguments);
  Type type = arguments[0].type;
  if (type.kind == TypeKind::kDecimal) {
    type = Type::decimal(type.precision, 0);
    type.nullable = arguments[0].type.nullable;
  }
  return Expr::call(std::string(name), std::move(type), std::move(arguments));
}

Result<Expr> resolve_round(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() == 1)
    arguments.push_back(
        Expr::of_literal({.is = std::int64_t{0}}, Type::of(TypeKind::kBigint).not_null()));
  if (arguments.size() != 2 || !is_numeric(arguments[0].type) ||
      !(is_integer(arguments[1].type) || arguments[1].type.kind == TypeKind::kNull))
    return expects(name, "(a number[, an integer])", arguments);
  arguments[1] = coerce(std::move(arguments[1]), Type::of(TypeKind::kBigint));
  Type type = arguments[0].type;
  if (type.kind == TypeKind::kDecimal) {
    const auto* digits = std::get_if<std::int64_t>(&arguments[1].literal.is);
    type =
        digits == nullptr
            ? Type::decimal(std::min(38, type.precision + 1), type.scale)
            : rounded_decimal(type, static_cast<int>(std::clamp<std::int64_t>(*digits, -38, 38)));
  }
  type.nullable = any_nullable(arguments) || type.precision == 38;  // no digit left for a carry
  return Expr::call(std::string(name), std::move(type), std::move(arguments));
}

// TIMESTAMPADD(unit, number, time)
Result<Expr> resolve_timestamp_add(std::string_view name, std::vector<Expr> arguments) {
  const auto wrong = [&] {
    return expects(name, "(a literal unit of time, BIGINT, a date or timestamp)", arguments);
  };
  if (arguments.size() != 3) return wrong();
  const auto unit = literal_unit(arguments[0]);
  if (!unit || !is_span(*unit) || !is_integer(arguments[1].type)) return wrong();
  if (arguments[2].type.kind == TypeKind::kString)
    arguments[2] = coerce(std::move(arguments[2]), Type::of(TypeKind::kTimestamp));
  if (!is_temporal(arguments[2].type)) return wrong();
  arguments[1] = coerce(std::move(arguments[1]), Type::of(TypeKind::kBigint));
  const Type type = arguments[2].type;
  const bool date = type.kind == TypeKind::kDate;
  if (date) arguments[2] = coerce(std::move(arguments[2]), Type::of(TypeKind::kTimestamp));
  Type result = arguments[2].type;
  result.nullable = any_nullable(arguments);
  Expr out = Expr::call(std::string(name), result, std::move(arguments));
  return date && *unit >= TimeUnit::kDay ? Expr::cast(std::move(out), type) : std::move(out);
}

// TRIM(text), TRIM(text, characters), TRIM('BOTH' | 'LEADING' | 'TRAILING', characters, text)
Result<Expr> resolve_trim(std::string_view name, std::vector<Expr> arguments) {
  std::string_view function = "BTRIM";
  if (arguments.size() == 3) {
    const auto* side = std::get_if<std::string>(&arguments[0].literal.is);
    if (side == nullptr || (*side != "BOTH" && *side != "LEADING" && *side != "TRAILING"))
      return expects(name, "BOTH, LEADING or TRAILING first", arguments);
    function = *side == "BOTH" ? "BTRIM" : *side == "LEADING" ? "LTRIM" : "RTRIM";
    arguments.erase(arguments.begin());
    std::swap(arguments[0], arguments[1]);
  }
  return resolve_call(function, std::move(arguments));
}

// INSTR(text, part) is LOCATE(part, text).
Result<Expr> resolve_instr(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 2) return expects(name, "(STRING, STRING)", arguments);
  std::swap(arguments[0], arguments[1]);
  return resolve_call("LOCATE", std::move(arguments));
}

// YEAR(time) and its like are EXTRACT(YEAR FROM time).
Result<Expr> resolve_part(std::string_view name, std::vector<Expr> arguments) {
  if (arguments.size() != 1) return expects(name, "a date or timestamp", arguments);
  const std::string_view unit = name == "DAYOFMONTH"  ? "DAY"
                                : name == "DAYOFWEEK" ? "DOW"
                                : name == "DAYOFYEAR" ? "DOY"
                                                      : name;
  arguments.insert(arguments.begin(), Expr::of_literal({.is = std::string(unit)},
                                                       Type::of(TypeKind::kString).not_null()));
  return resolve_call("EXTRACT", std::move(arguments));
}

constexpr std::array kCalls = {
    SpecialCall{"%", resolve_arithmetic},
    SpecialCall{"*", resolve_arithmetic},
    SpecialCall{"+", resolve_arithmetic},
    SpecialCall{"-", resolve_arithmetic},
    SpecialCall{"/", resolve_arithmetic},
    SpecialCall{"<", resolve_comparison},
    SpecialCall{"<=", resolve_comparison},
    SpecialCall{"<>", resolve_comparison},
    SpecialCall{"=", resolve_comparison},
    SpecialCall{">", resolve_comparison},
    SpecialCall{">=", resolve_comparison},
    SpecialCall{"CEIL", resolve_floor},
    SpecialCall{"COALESCE", resolve_coalesce},
    SpecialCall{"DAYOFMONTH", resolve_part},
    SpecialCall{"DAYOFWEEK", resolve_part},
    SpecialCall{"DAYOFYEAR", resolve_part},
    SpecialCall{"FLOOR", resolve_floor},
    SpecialCall{"GREATEST", resolve_extreme},
    SpecialCall{"HOUR", resolve_part},
    SpecialCall{"IF", resolve_if},
    SpecialCall{"IFNULL", resolve_coalesce},
    SpecialCall{"IN", resolve_in},
    SpecialCall{"INSTR", resolve_instr},
    SpecialCall{"IS DISTINCT FROM", resolve_comparison},
    SpecialCall{"IS FALSE", resolve_is_true},
    SpecialCall{"IS NOT DISTINCT FROM", resolve_comparison},
    SpecialCall{"IS NOT FALSE", resolve_is_true},
    SpecialCall{"IS NOT NULL", resolve_is_null},
    SpecialCall{"IS NOT TRUE", resolve_is_true},
    SpecialCall{"IS NULL", resolve_is_null},
    SpecialCall{"IS TRUE", resolve_is_true},
    SpecialCall{"LEAST", resolve_extreme},
    SpecialCall{"MINUTE", resolve_part},
    SpecialCall{"MONTH", resolve_part},
    SpecialCall{"NEG", resolve_negation},
    SpecialCall{"NULLIF", resolve_nullif},
    SpecialCall{"QUARTER", resolve_part},
    SpecialCall{"ROUND", resolve_round},
    SpecialCall{"SECOND", resolve_part},
    SpecialCall{"TIMESTAMPADD", resolve_timestamp_add},
    SpecialCall{"TRIM", resolve_trim},
    SpecialCall{"TRUNCATE", resolve_round},
    SpecialCall{"WEEK", resolve_part},
    SpecialCall{"YEAR", resolve_part},
};

}  // namespace

std::span<const SpecialCall> special_calls() { return kCalls; }

const SpecialCall* find_special_call(std::string_view name) {
  const auto found = std::ranges::find(kCalls, name, &SpecialCall::name);
  return found == kCalls.end() ? nullptr : &*found;
}

}  // namespace penstock
