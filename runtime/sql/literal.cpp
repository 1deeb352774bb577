#include "runtime/sql/literal.h"

#include <charconv>

#include "runtime/expr/evaluate.h"

namespace penstock::sql {
namespace {

Expr literal(Value value, TypeKind kind) {
  return Expr::of_literal(std::move(value), Type::of(kind).not_null());
}

Parsed<Expr> decimal_literal(Place place, std::string_view digits) {
  Int128 unscaled = 0;
  int precision = 0;
  int scale = 0;
  bool after_point = false;
  const bool negative = digits.starts_with('-');
  for (const char c : digits) {
    if (c == '-') continue;
    if (c == '.') {
      after_point = true;
      continue;
    }
    if (precision > 0 || c != '0') ++precision;
    if (after_point) ++scale;
    if (precision > 38 || scale > 38)
      return Fault{place, "a number of more than 38 digits", "a DOUBLE such as 1.5e40"};
    unscaled = unscaled * 10 + (c - '0');
  }
  precision = std::max({precision, scale, 1});
  return Expr::of_literal({.is = negative ? -unscaled : unscaled},
                          Type::decimal(precision, scale).not_null());
}

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

}  // namespace

bool has_variable(std::string_view text) { return text.find("${") != std::string_view::npos; }

Done check_variables(Place place, std::string_view text) {
  for (std::size_t at = text.find("${"); at != std::string_view::npos;
       at = text.find("${", at + 2)) {
    std::size_t end = at + 2;
    while (end < text.size() && is_name_part(text[end])) ++end;
    if (end >= text.size() || text[end] != '}' || end == at + 2 || !is_name_start(text[at + 2]))
      return Fault{place, "a variable is not well formed",
                   "${NAME}: letters, digits and _, not a digit first"};
  }
  return done();
}

Parsed<Expr> number_literal(const ExprNode& node) {
  const std::string& text = node.text;
  const char* end = text.data() + text.size();
  if (text.find_first_of("eE") != std::string::npos) {
    double value = 0;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end)
      return Fault{node.place, "number out of range: " + text};
    return literal({.is = value}, TypeKind::kDouble);
  }
  if (text.find('.') != std::string::npos) return decimal_literal(node.place, text);
  std::int64_t value = 0;
  if (const auto read = std::from_chars(text.data(), end, value);
      read.ec != std::errc() || read.ptr != end)
    return decimal_literal(node.place, text);
  if (value >= INT32_MIN && value <= INT32_MAX)
    return literal({.is = static_cast<std::int32_t>(value)}, TypeKind::kInt);
  return literal({.is = value}, TypeKind::kBigint);
}

Parsed<Expr> text_literal(const ExprNode& node) {
  if (!has_variable(node.text)) return literal({.is = node.text}, TypeKind::kString);
  TRY(check_variables(node.place, node.text));
  return Expr{.kind = Expr::Kind::kVariable,
              .type = Type::of(TypeKind::kString).not_null(),
              .function = node.text};
}

Parsed<Expr> typed_literal(const ExprNode& node) {
  TRY_ASSIGN(Expr text, text_literal(node));
  if (text.kind == Expr::Kind::kVariable) return Expr::cast(std::move(text), node.type);
  Result<Value> value = evaluate_constant(Expr::cast(std::move(text), node.type));
  if (!value || value->null())
    return Fault{node.place, "'" + node.text + "' is no " + node.type.as_nullable().to_string(),
                 node.type.kind == TypeKind::kDate ? "as in DATE '2013-01-31'"
                                                   : "as in TIMESTAMP '2013-01-31 05:00:00'"};
  return Expr::of_literal(std::move(value).value(), node.type);
}

}  // namespace penstock::sql
