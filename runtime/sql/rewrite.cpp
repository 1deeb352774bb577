#include "runtime/sql/rewrite.h"

#include <algorithm>

#include "runtime/expr/functions.h"

namespace penstock::sql {
namespace {

void flatten(Expr expr, std::vector<Expr>& out) {
  if (expr.kind != Expr::Kind::kAnd) {
    out.push_back(std::move(expr));
    return;
  }
  for (Expr& argument : expr.arguments) flatten(std::move(argument), out);
}

// TRUE, FALSE or not known.
std::optional<bool> decided(const Expr& expr) {
  if (expr.kind != Expr::Kind::kLiteral) return std::nullopt;
  if (const bool* value = std::get_if<bool>(&expr.literal.is)) return *value;
  return std::nullopt;
}

Expr boolean(bool value) {
  return Expr::of_literal({.is = value}, Type::of(TypeKind::kBoolean).not_null());
}

// = and <> of two literals of one type.
std::optional<Expr> fold_comparison(const Expr& expr) {
  const bool equal = expr.function == "=";
  if (expr.kind != Expr::Kind::kCall || !(equal || expr.function == "<>")) return std::nullopt;
  const Expr& a = expr.arguments[0];
  const Expr& b = expr.arguments[1];
  if (a.kind != Expr::Kind::kLiteral || b.kind != Expr::Kind::kLiteral) return std::nullopt;
  if (a.literal.null() || b.literal.null() || !a.type.same_kind(b.type)) return std::nullopt;
  return boolean((a.literal == b.literal) == equal);
}

Expr fold_case(Expr expr) {
  std::vector<Expr> kept;
  Expr otherwise = expr.arguments.back();
  for (std::size_t i = 0; i + 1 < expr.arguments.size(); i += 2) {
    const std::optional<bool> when = decided(expr.arguments[i]);
    if (when == false) continue;
    if (when == true) {
      otherwise = expr.arguments[i + 1];
      break;
    }
    kept.push_back(expr.arguments[i]);
    kept.push_back(expr.arguments[i + 1]);
  }
  if (kept.empty()) return otherwise;
  kept.push_back(std::move(otherwise));
  expr.arguments = std::move(kept);
  return expr;
}

}  // namespace

std::optional<Expr> conjunction(std::vector<Expr> conjuncts) {
  std::vector<Expr> all;
  for (Expr& conjunct : conjuncts) flatten(std::move(conjunct), all);
  if (all.empty()) return std::nullopt;
  if (all.size() == 1) return std::move(all[0]);
  Expr result{.kind = Expr::Kind::kAnd, .type = Type::of(TypeKind::kBoolean)};
  result.type.nullable =
      std::any_of(all.begin(), all.end(), [](const Expr& e) { return e.type.nullable; });
  result.arguments = std::move(all);
  return result;
}

std::vector<Expr> conjuncts_of(const std::optional<Expr>& filter) {
  std::vector<Expr> all;
  if (filter) flatten(*filter, all);
  return all;
}

std::vector<std::size_t> columns_of(const Expr& expr) {
  std::vector<std::size_t> columns;
  collect_columns(expr, columns);
  return columns;
}

Expr substitute(const Expr& expr, const std::vector<Expr>& projections) {
  if (expr.kind == Expr::Kind::kColumn) return projections[expr.column];
  Expr result = expr;
  for (Expr& argument : result.arguments) argument = substitute(argument, projections);
  return result;
}

bool is_trivial(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kColumn:
    case Expr::Kind::kLiteral:
    case Expr::Kind::kVariable:
      return true;
    case Expr::Kind::kField:
      return is_trivial(expr.arguments[0]);
    default:
      return false;
  }
}

bool has_volatile(const Expr& expr) {
  if (expr.kind == Expr::Kind::kCall && is_volatile(expr.function)) return true;
  return std::any_of(expr.arguments.begin(), expr.arguments.end(), has_volatile);
}

int depth_of(const Expr& expr) {
  int depth = 0;
  for (const Expr& argument : expr.arguments) depth = std::max(depth, depth_of(argument));
  return depth + 1;
}

void count_columns(const Expr& expr, std::vector<std::size_t>& counts) {
  if (expr.kind == Expr::Kind::kColumn) ++counts[expr.column];
  for (const Expr& argument : expr.arguments) count_columns(argument, counts);
}

std::vector<std::pair<std::size_t, Value>> equalities(const std::vector<Expr>& conjuncts) {
  std::vector<std::pair<std::size_t, Value>> known;
  for (const Expr& conjunct : conjuncts) {
    if (conjunct.kind != Expr::Kind::kCall || conjunct.function != "=") continue;
    const Expr* column = &conjunct.arguments[0];
    const Expr* literal = &conjunct.arguments[1];
    if (column->kind != Expr::Kind::kColumn) std::swap(column, literal);
    if (column->kind != Expr::Kind::kColumn || literal->kind != Expr::Kind::kLiteral) continue;
    if (literal->literal.null() || !literal->type.same_kind(column->type)) continue;
    known.emplace_back(column->column, literal->literal);
  }
  return known;
}

Expr simplify(const Expr& expr, const std::vector<std::pair<std::size_t, Value>>& known) {
  if (expr.kind == Expr::Kind::kColumn) {
    for (const auto& [column, value] : known)
      if (column == expr.column) return Expr::of_literal(value, expr.type.not_null());
    return expr;
  }
  Expr result = expr;
  for (Expr& argument : result.arguments) argument = simplify(argument, known);
  if (result.kind == Expr::Kind::kCase) return fold_case(std::move(result));
  if (auto folded = fold_comparison(result)) return *std::move(folded);
  return result;
}

}  // namespace penstock::sql
