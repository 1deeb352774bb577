#include "runtime/expr/expr.h"

#include <algorithm>
#include <array>

#include "runtime/columns/text.h"
#include "runtime/expr/functions.h"
#include "runtime/expr/types.h"

namespace penstock {
namespace {

constexpr std::array<std::string_view, 12> kInfix = {"+",  "-", "*",  "/", "%",  "=",
                                                     "<>", "<", "<=", ">", ">=", "||"};

bool is_infix(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kAnd:
    case Expr::Kind::kOr:
      return true;
    case Expr::Kind::kCall:
      return std::ranges::find(kInfix, expr.function) != kInfix.end() || expr.function == "LIKE" ||
             expr.function.starts_with("IS ") || expr.function == "IN" || expr.function == "NOT" ||
             expr.function == "NEG";
    default:
      return false;
  }
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

std::string literal_text(const Expr& expr) {
  if (expr.literal.null()) return "NULL";
  std::string text;
  append_value(text, expr.literal, expr.type);
  switch (expr.type.kind) {
    case TypeKind::kString:
      return quoted(text);
    case TypeKind::kDate:
      return "DATE '" + text + "'";
    case TypeKind::kTimestamp:
      return "TIMESTAMP '" + text + "'";
    case TypeKind::kTimestampLtz:
      return "TIMESTAMP_LTZ '" + text + "'";
    case TypeKind::kDayInterval:
      return "INTERVAL '" + text + "' DAY TO SECOND";
    case TypeKind::kMonthInterval:
      return "INTERVAL '" + text + "' YEAR TO MONTH";
    default:
      return text;
  }
}

std::string operand(const Expr& expr) {
  return is_infix(expr) ? "(" + expr.to_string() + ")" : expr.to_string();
}

std::string joined(const std::vector<Expr>& all, std::size_t from, std::string_view between,
                   std::string (*text)(const Expr&)) {
  std::string out;
  for (std::size_t i = from; i < all.size(); ++i) {
    if (i > from) out += between;
    out += text(all[i]);
  }
  return out;
}

std::string plain(const Expr& expr) { return expr.to_string(); }

std::string call_text(const Expr& expr) {
  const auto& args = expr.arguments;
  const std::string& name = expr.function;
  if (name == "NOT") return "NOT " + operand(args[0]);
  if (name == "NEG") return "-" + operand(args[0]);
  if (name == "IN") return operand(args[0]) + " IN (" + joined(args, 1, ", ", plain) + ")";
  if (name == "LIKE" && args.size() == 3)
    return operand(args[0]) + " LIKE " + operand(args[1]) + " ESCAPE " + operand(args[2]);
  if (name.starts_with("IS ") && args.size() == 1) return operand(args[0]) + " " + name;
  if (is_infix(expr)) return joined(args, 0, " " + name + " ", operand);
  return name + "(" + joined(args, 0, ", ", plain) + ")";
}

std::string case_text(const Expr& expr) {
  std::string out = "CASE";
  for (std::size_t i = 0; i + 1 < expr.arguments.size(); i += 2)
    out += " WHEN " + expr.arguments[i].to_string() + " THEN " + expr.arguments[i + 1].to_string();
  return out + " ELSE " + expr.arguments.back().to_string() + " END";
}

}  // namespace

Expr Expr::of_column(std::size_t column, Type type) {
  return {.kind = Kind::kColumn, .type = std::move(type), .column = column};
}

Expr Expr::of_literal(Value value, Type type) {
  return {.kind = Kind::kLiteral, .type = std::move(type), .literal = std::move(value)};
}

Expr Expr::call(std::string function, Type type, std::vector<Expr> arguments) {
  return {.kind = Kind::kCall,
          .type = std::move(type),
          .function = std::move(function),
          .arguments = std::move(arguments)};
}

Expr Expr::cast(Expr argument, Type type) {
  type.nullable = argument.type.nullable || cast_may_overflow(argument.type, type);
  Expr out{.kind = Kind::kCast, .type = std::move(type)};
  out.arguments.push_back(std::move(argument));
  return out;
}

std::string Expr::to_string() const {
  switch (kind) {
    case Kind::kColumn:
      return "$" + std::to_string(column);
    case Kind::kLiteral:
      return literal_text(*this);
    case Kind::kCall:
      return call_text(*this);
    case Kind::kField:
      return operand(arguments[0]) + "." + (*arguments[0].type.fields)[column].name;
    case Kind::kCast:
    case Kind::kTryCast: {
      Type shown = type.as_nullable();
      return (kind == Kind::kCast ? "CAST(" : "TRY_CAST(") + arguments[0].to_string() + " AS " +
             shown.to_string() + ")";
    }
    case Kind::kCase:
      return case_text(*this);
    case Kind::kAnd:
      return joined(arguments, 0, " AND ", operand);
    case Kind::kOr:
      return joined(arguments, 0, " OR ", operand);
    case Kind::kVariable:
      return quoted(function);
  }
  return {};
}

void collect_columns(const Expr& expr, std::vector<std::size_t>& columns) {
  if (expr.kind == Expr::Kind::kColumn) {
    const auto at = std::ranges::lower_bound(columns, expr.column);
    if (at == columns.end() || *at != expr.column) columns.insert(at, expr.column);
  }
  for (const Expr& argument : expr.arguments) collect_columns(argument, columns);
}

Expr remap_columns(const Expr& expr, const std::vector<std::size_t>& new_position) {
  Expr out = expr;
  if (out.kind == Expr::Kind::kColumn) {
    CHECK(out.column < new_position.size());
    out.column = new_position[out.column];
  }
  for (Expr& argument : out.arguments) argument = remap_columns(argument, new_position);
  return out;
}

}  // namespace penstock
