#include <algorithm>
#include <functional>

#include "runtime/sql/rel.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

// Parts `conjuncts` into those that read only columns that `below` admits, and the others.
std::vector<Expr> take(std::vector<Expr>& conjuncts,
                       const std::function<bool(std::size_t)>& below) {
  std::vector<Expr> taken;
  std::vector<Expr> left;
  for (Expr& conjunct : conjuncts) {
    const std::vector<std::size_t> columns = columns_of(conjunct);
    const bool goes = !has_volatile(conjunct) && !columns.empty() &&
                      std::all_of(columns.begin(), columns.end(), below);
    (goes ? taken : left).push_back(std::move(conjunct));
  }
  conjuncts = std::move(left);
  return taken;
}

RelPtr with_inputs(const Rel& rel, Rel::Spec spec, std::vector<RelPtr> inputs) {
  return make_rel(std::move(spec), std::move(inputs), rel.columns);
}

// A Calc as `rel` is, with its columns: a declared time attribute keeps its role.
RelPtr rebuilt(const Rel& rel, const RelPtr& input, std::optional<Expr> filter,
               const CalcSpec& spec) {
  const RelPtr made = calc(input, std::move(filter), spec.projections, names_of(rel.columns));
  return make_rel(made->spec, made->inputs, rel.columns);
}

RelPtr through_calc(const Rel& rel, const CalcSpec& spec, std::vector<Expr>& conjuncts) {
  std::vector<Expr> pushed =
      take(conjuncts, [&spec](std::size_t column) { return is_trivial(spec.projections[column]); });
  if (pushed.empty()) return std::make_shared<const Rel>(rel);
  for (Expr& conjunct : pushed) conjunct = substitute(conjunct, spec.projections);
  const RelPtr& below = rel.inputs[0];
  if (below->as<ScanSpec>() == nullptr) {
    return rebuilt(rel, where(below, pushed), spec.filter, spec);
  }
  std::vector<Expr> all = conjuncts_of(spec.filter);
  all.insert(all.end(), pushed.begin(), pushed.end());
  return rebuilt(rel, below, conjunction(std::move(all)), spec);
}

RelPtr through_join(const Rel& rel, const JoinSpec& spec, std::vector<Expr>& conjuncts) {
  const std::size_t left_size = rel.inputs[0]->columns.size();
  const std::vector<Expr> left =
      take(conjuncts, [left_size](std::size_t c) { return c < left_size; });
  std::vector<Expr> right = take(conjuncts, [left_size](std::size_t c) { return c >= left_size; });
  std::vector<std::size_t> positions(rel.columns.size());
  for (std::size_t i = left_size; i < positions.size(); ++i) positions[i] = i - left_size;
  for (Expr& conjunct : right) conjunct = remap_columns(conjunct, positions);
  return with_inputs(rel, spec, {where(rel.inputs[0], left), where(rel.inputs[1], right)});
}

// Filters on the group's keys choose whole groups: they may run before the aggregation.
template <typename Spec>
RelPtr through_keys(const Rel& rel, const Spec& spec, std::vector<Expr>& conjuncts) {
  const std::size_t keys = spec.keys.size();
  std::vector<Expr> pushed = take(conjuncts, [keys](std::size_t column) { return column < keys; });
  if (pushed.empty()) return std::make_shared<const Rel>(rel);
  for (Expr& conjunct : pushed) conjunct = remap_columns(conjunct, spec.keys);
  return with_inputs(rel, spec, {where(rel.inputs[0], pushed)});
}

RelPtr push(const RelPtr& rel, std::vector<Expr>& conjuncts) {
  if (const auto* spec = rel->as<CalcSpec>()) return through_calc(*rel, *spec, conjuncts);
  if (const auto* spec = rel->as<JoinSpec>()) return through_join(*rel, *spec, conjuncts);
  if (const auto* spec = rel->as<GroupAggregateSpec>()) return through_keys(*rel, *spec, conjuncts);
  if (const auto* spec = rel->as<WindowAggregateSpec>())
    return through_keys(*rel, *spec, conjuncts);
  if (const auto* spec = rel->as<AttachedWindowAggregateSpec>())
    return through_keys(*rel, *spec, conjuncts);
  if (const auto* spec = rel->as<WindowAssignSpec>()) {
    const std::size_t size = rel->inputs[0]->columns.size();
    const std::vector<Expr> pushed =
        take(conjuncts, [size](std::size_t column) { return column < size; });
    return with_inputs(*rel, *spec, {where(rel->inputs[0], pushed)});
  }
  if (rel->as<UnionSpec>() != nullptr) {
    const std::vector<Expr> pushed = take(conjuncts, [](std::size_t) { return true; });
    std::vector<RelPtr> inputs;
    for (const RelPtr& input : rel->inputs) inputs.push_back(where(input, pushed));
    return with_inputs(*rel, UnionSpec{}, std::move(inputs));
  }
  return rel;
}

}  // namespace

RelPtr where(const RelPtr& input, const std::vector<Expr>& conjuncts) {
  std::vector<Expr> left;
  for (const Expr& conjunct : conjuncts)
    for (Expr& part : conjuncts_of(conjunct)) left.push_back(std::move(part));
  if (left.empty()) return input;
  const RelPtr pushed = push(input, left);
  if (left.empty()) return pushed;
  return calc(pushed, conjunction(std::move(left)), identity(pushed), names_of(pushed->columns));
}

}  // namespace penstock::sql
