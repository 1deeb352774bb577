#include "runtime/sql/rel.h"

#include <algorithm>

#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

constexpr int kMaxMergedDepth = 200;

bool sends_changelog(const Rel::Spec& spec, const std::vector<RelPtr>& inputs) {
  const bool any = std::any_of(inputs.begin(), inputs.end(),
                               [](const RelPtr& input) { return input->changelog; });
  // Without aggregates nothing of a group ever changes: it appears once.
  if (const auto* group = std::get_if<GroupAggregateSpec>(&spec))
    return any || !group->aggregates.empty();
  if (std::holds_alternative<WindowAggregateSpec>(spec) ||
      std::holds_alternative<AttachedWindowAggregateSpec>(spec))
    return false;
  return any;
}

// What the input tells of a projection: a column that is passed on, also from LTZ to local time,
// keeps its role.
RelColumn column_of(const std::string& name, const Expr& expr,
                    const std::vector<RelColumn>& input) {
  RelColumn column{.name = name, .type = expr.type};
  const Expr* passed = &expr;
  if (expr.kind == Expr::Kind::kCast && expr.type.kind == TypeKind::kTimestamp &&
      expr.arguments[0].type.kind == TypeKind::kTimestampLtz)
    passed = &expr.arguments[0];
  if (passed->kind == Expr::Kind::kColumn) {
    const RelColumn& from = input[passed->column];
    if (passed == &expr || from.window) {
      column.role = from.role;
      column.window = from.window;
    }
  }
  if (expr.kind == Expr::Kind::kCall && expr.function == "PROCTIME")
    column.role = TimeRole::kProctime;
  return column;
}

bool mergeable(const CalcSpec& inner, const std::optional<Expr>& filter,
               const std::vector<Expr>& projections) {
  std::vector<std::size_t> in_filter(inner.projections.size());
  if (filter) count_columns(*filter, in_filter);
  std::vector<std::size_t> counts = in_filter;
  for (const Expr& projection : projections) count_columns(projection, counts);
  int inner_depth = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Expr& one = inner.projections[i];
    if (counts[i] > 1 && !is_trivial(one)) return false;
    if (in_filter[i] > 0 && has_volatile(one)) return false;
    inner_depth = std::max(inner_depth, depth_of(one));
  }
  int depth = filter ? depth_of(*filter) : 0;
  for (const Expr& projection : projections) depth = std::max(depth, depth_of(projection));
  return depth + inner_depth <= kMaxMergedDepth;
}

}  // namespace

RelPtr make_rel(Rel::Spec spec, std::vector<RelPtr> inputs, std::vector<RelColumn> columns) {
  auto rel = std::make_shared<Rel>();
  rel->changelog = sends_changelog(spec, inputs);
  for (const RelPtr& input : inputs) {
    rel->depth = std::max(rel->depth, input->depth + 1);
    rel->size += input->size;
  }
  rel->spec = std::move(spec);
  rel->inputs = std::move(inputs);
  rel->columns = std::move(columns);
  return rel;
}

RelPtr scan(const std::shared_ptr<const Table>& table) {
  std::vector<RelColumn> columns;
  for (const Field& field : table->physical.fields) columns.push_back({field.name, field.type});
  return make_rel(ScanSpec{table}, {}, std::move(columns));
}

RelPtr calc(const RelPtr& input, std::optional<Expr> filter, std::vector<Expr> projections,
            const std::vector<std::string>& names) {
  std::vector<RelColumn> columns;
  for (std::size_t i = 0; i < projections.size(); ++i)
    columns.push_back(column_of(names[i], projections[i], input->columns));
  RelPtr below = input;
  if (const auto* inner = input->as<CalcSpec>();
      inner != nullptr && mergeable(*inner, filter, projections)) {
    std::vector<Expr> conjuncts = conjuncts_of(inner->filter);
    if (filter) conjuncts.push_back(substitute(*filter, inner->projections));
    filter = conjunction(std::move(conjuncts));
    for (Expr& projection : projections) projection = substitute(projection, inner->projections);
    below = input->inputs[0];
  }
  if (const auto known = equalities(conjuncts_of(filter)); !known.empty())
    for (Expr& projection : projections) projection = simplify(projection, known);
  return make_rel(CalcSpec{std::move(filter), std::move(projections)}, {below}, std::move(columns));
}

RelPtr project(const RelPtr& input, const std::vector<std::size_t>& kept) {
  std::vector<Expr> projections;
  std::vector<std::string> names;
  for (const std::size_t column : kept) {
    projections.push_back(Expr::of_column(column, input->columns[column].type));
    names.push_back(input->columns[column].name);
  }
  return calc(input, std::nullopt, std::move(projections), names);
}

std::vector<Expr> identity(const RelPtr& rel) {
  std::vector<Expr> columns;
  for (std::size_t i = 0; i < rel->columns.size(); ++i)
    columns.push_back(Expr::of_column(i, rel->columns[i].type));
  return columns;
}

std::vector<std::string> names_of(const std::vector<RelColumn>& columns) {
  std::vector<std::string> names;
  for (const RelColumn& column : columns) names.push_back(column.name);
  return names;
}

bool same_window(const RelColumn& a, const RelColumn& b) {
  if (!a.window || !b.window) return false;
  WindowSpec left = *a.window;
  left.time_column = b.window->time_column;
  return left == *b.window;
}

}  // namespace penstock::sql
