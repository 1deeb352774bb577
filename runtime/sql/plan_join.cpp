#include "runtime/sql/plan_join.h"

#include <algorithm>

#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

// Side of a join that a sub-expression reads.
enum class Side : std::uint8_t { kNone, kLeft, kRight, kBoth };

Side side_of(const Expr& expr, std::size_t left_size) {
  Side side = Side::kNone;
  for (const std::size_t column : columns_of(expr)) {
    const Side one = column < left_size ? Side::kLeft : Side::kRight;
    side = side == Side::kNone || side == one ? one : Side::kBoth;
  }
  return side;
}

Expr shifted(const Expr& expr, std::size_t left_size) {
  std::vector<std::size_t> position;
  for (const std::size_t column : columns_of(expr)) {
    if (column >= position.size()) position.resize(column + 1);
    position[column] = column - left_size;
  }
  return remap_columns(expr, position);
}

// One input of a join whose keys are columns: computed keys are added at its end.
struct KeyedSide {
  RelPtr rel;
  std::vector<std::size_t> keys;
  std::vector<Expr> computed;

  void add(const Expr& key) {
    if (key.kind == Expr::Kind::kColumn) {
      keys.push_back(key.column);
      return;
    }
    const auto known = std::find(computed.begin(), computed.end(), key);
    keys.push_back(rel->columns.size() + static_cast<std::size_t>(known - computed.begin()));
    if (known == computed.end()) computed.push_back(key);
  }

  RelPtr finish() const {
    if (computed.empty()) return rel;
    std::vector<Expr> projections = identity(rel);
    std::vector<std::string> names = names_of(rel->columns);
    for (const Expr& key : computed) {
      names.push_back("key" + std::to_string(projections.size() - rel->columns.size()));
      projections.push_back(key);
    }
    return calc(rel, std::nullopt, std::move(projections), names);
  }
};

std::optional<JoinSpec::WindowEnd> window_of(const KeyedSide& left, const KeyedSide& right) {
  for (std::size_t i = 0; i < left.keys.size(); ++i) {
    if (left.keys[i] >= left.rel->columns.size() || right.keys[i] >= right.rel->columns.size())
      continue;
    const RelColumn& a = left.rel->columns[left.keys[i]];
    const RelColumn& b = right.rel->columns[right.keys[i]];
    if (a.role != TimeRole::kWindowEnd || b.role != TimeRole::kWindowEnd || !same_window(a, b))
      continue;
    if (a.window->processing_time) continue;
    return JoinSpec::WindowEnd{left.keys[i], right.keys[i]};
  }
  return std::nullopt;
}

// left join right. `conjuncts` read both sides, or one side where they could not be pushed further.
Parsed<RelPtr> join(const RelPtr& left, const RelPtr& right, const std::vector<Expr>& conjuncts,
                    Place place) {
  const std::size_t left_size = left->columns.size();
  KeyedSide left_side{.rel = left, .keys = {}, .computed = {}};
  KeyedSide right_side{.rel = right, .keys = {}, .computed = {}};
  std::vector<Expr> rest;
  for (const Expr& conjunct : conjuncts) {
    if (conjunct.kind == Expr::Kind::kCall && conjunct.function == "=" && !has_volatile(conjunct)) {
      const Expr* a = &conjunct.arguments[0];
      const Expr* b = &conjunct.arguments[1];
      if (side_of(*a, left_size) == Side::kRight) std::swap(a, b);
      if (side_of(*a, left_size) == Side::kLeft && side_of(*b, left_size) == Side::kRight) {
        left_side.add(*a);
        right_side.add(shifted(*b, left_size));
        continue;
      }
    }
    rest.push_back(conjunct);
  }
  if (left_side.keys.empty())
    return Fault{place, "NotImplemented: a join without an equality between its two sides",
                 "ON a.x = b.y"};
  const std::optional<JoinSpec::WindowEnd> window = window_of(left_side, right_side);
  const RelPtr left_input = left_side.finish();
  const RelPtr right_input = right_side.finish();
  const std::size_t added = left_input->columns.size() - left_size;

  std::vector<std::size_t> position(left_size + right->columns.size());
  for (std::size_t i = 0; i < position.size(); ++i) position[i] = i < left_size ? i : i + added;
  for (Expr& conjunct : rest) conjunct = remap_columns(conjunct, position);
  std::vector<RelColumn> columns = left_input->columns;
  columns.insert(columns.end(), right_input->columns.begin(), right_input->columns.end());
  if (!window)
    for (RelColumn& column : columns) column = {.name = column.name, .type = column.type};
  RelPtr joined = make_rel(JoinSpec{.left_keys = left_side.keys,
                                    .right_keys = right_side.keys,
                                    .condition = conjunction(std::move(rest)),
                                    .window_end = window},
                           {left_input, right_input}, std::move(columns));
  if (joined->columns.size() == position.size()) return joined;
  return project(joined, position);
}

std::vector<Expr> all_conjuncts(const std::vector<Expr>& conjuncts) {
  std::vector<Expr> all;
  for (const Expr& conjunct : conjuncts)
    for (Expr& part : conjuncts_of(conjunct)) all.push_back(std::move(part));
  return all;
}

}  // namespace

Parsed<RelPtr> plan_joins(const std::vector<RelPtr>& tables, const std::vector<Expr>& conjuncts,
                          Place place) {
  std::vector<std::size_t> first{0};
  for (const RelPtr& table : tables) first.push_back(first.back() + table->columns.size());
  std::vector<std::vector<Expr>> own(tables.size());
  std::vector<std::vector<Expr>> joining(tables.size());
  for (const Expr& conjunct : all_conjuncts(conjuncts)) {
    const std::vector<std::size_t> columns = columns_of(conjunct);
    const auto table_of = [&first](std::size_t column) {
      return static_cast<std::size_t>(std::upper_bound(first.begin(), first.end(), column) -
                                      first.begin()) -
             1;
    };
    // Conditions without columns wait for the last join, so that they are evaluated once.
    const std::size_t last = columns.empty() ? tables.size() - 1 : table_of(columns.back());
    const bool single =
        !columns.empty() && table_of(columns.front()) == last && !has_volatile(conjunct);
    if (single)
      own[last].push_back(shifted(conjunct, first[last]));
    else
      joining[std::max<std::size_t>(last, 1)].push_back(conjunct);
  }
  RelPtr rel = where(tables[0], own[0]);
  for (std::size_t i = 1; i < tables.size(); ++i) {
    TRY_ASSIGN(rel, join(rel, where(tables[i], own[i]), joining[i], place));
  }
  return rel;
}

}  // namespace penstock::sql
