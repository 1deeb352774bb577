#include <algorithm>
#include <numeric>

#include "runtime/sql/rel.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

constexpr std::size_t kGone = SIZE_MAX;

// A narrower node and where the old columns are in it (kGone: dropped).
struct Narrowed {
  RelPtr rel;
  std::vector<std::size_t> position;
};

using Columns = std::vector<std::size_t>;

void add(Columns& columns, std::size_t column) {
  const auto at = std::lower_bound(columns.begin(), columns.end(), column);
  if (at == columns.end() || *at != column) columns.insert(at, column);
}

Columns positions_in(const Columns& kept, std::size_t size) {
  Columns position(size, kGone);
  for (std::size_t i = 0; i < kept.size(); ++i) position[kept[i]] = i;
  return position;
}

std::vector<RelColumn> pick(const std::vector<RelColumn>& all, const Columns& kept) {
  std::vector<RelColumn> columns;
  for (const std::size_t column : kept) columns.push_back(all[column]);
  return columns;
}

Narrowed narrow(const RelPtr& rel, const Columns& needed);

// The input with exactly the columns `needed`, ascending.
RelPtr exactly(const RelPtr& input, const Columns& needed) { return prune(input, needed); }

bool only_picks(const CalcSpec& spec, const Columns& needed) {
  return !spec.filter && std::all_of(needed.begin(), needed.end(), [&spec](std::size_t column) {
    return spec.projections[column].kind == Expr::Kind::kColumn;
  });
}

// A Calc that only picks columns needs no operator: whoever reads them looks at other positions.
Narrowed narrow_picks(const Rel& rel, const CalcSpec& spec, const Columns& needed,
                      const Columns& read) {
  Narrowed below = narrow(rel.inputs[0], read);
  Columns position(rel.columns.size(), kGone);
  for (const std::size_t column : needed)
    position[column] = below.position[spec.projections[column].column];
  return {std::move(below.rel), std::move(position)};
}

// The input for an operator that may look anywhere: in any order and with up to `spare` columns too
// many, rather than with a Calc.
Narrowed nearly(const RelPtr& input, const Columns& needed, std::size_t spare) {
  Narrowed narrowed = narrow(input, needed);
  if (narrowed.rel->columns.size() <= needed.size() + spare) return narrowed;
  return {exactly(input, needed), positions_in(needed, input->columns.size())};
}

Narrowed narrow_calc(const Rel& rel, const CalcSpec& spec, const Columns& needed) {
  Columns read;
  if (spec.filter) collect_columns(*spec.filter, read);
  for (const std::size_t column : needed) collect_columns(spec.projections[column], read);
  RelPtr input = rel.inputs[0];
  if (input->as<ScanSpec>() == nullptr && only_picks(spec, needed))
    return narrow_picks(rel, spec, needed, read);
  Columns position(input->columns.size());
  std::iota(position.begin(), position.end(), 0);
  if (input->as<ScanSpec>() == nullptr) {
    Narrowed below = narrow(input, read);
    input = std::move(below.rel);
    position = std::move(below.position);
  }
  std::optional<Expr> filter;
  if (spec.filter) filter = remap_columns(*spec.filter, position);
  std::vector<Expr> projections;
  for (const std::size_t column : needed)
    projections.push_back(remap_columns(spec.projections[column], position));
  std::vector<RelColumn> columns = pick(rel.columns, needed);
  RelPtr result = calc(input, std::move(filter), std::move(projections), names_of(columns));
  result = make_rel(result->spec, result->inputs, std::move(columns));
  return {std::move(result), positions_in(needed, rel.columns.size())};
}

// Keys then aggregates, of which only the needed ones stay. `extra` are the columns after them.
template <typename Spec>
Narrowed narrow_aggregate(const Rel& rel, Spec spec, const Columns& needed, Columns read,
                          std::size_t extra, void (*remap_rest)(Spec&, const Columns&)) {
  const std::size_t keys = spec.keys.size();
  const std::size_t calls = spec.aggregates.size();
  Columns kept(keys);
  std::iota(kept.begin(), kept.end(), 0);
  std::vector<AggregateCall> aggregates;
  for (const std::size_t key : spec.keys) add(read, key);
  for (std::size_t i = 0; i < calls; ++i) {
    if (!std::binary_search(needed.begin(), needed.end(), keys + i)) continue;
    kept.push_back(keys + i);
    aggregates.push_back(spec.aggregates[i]);
    if (spec.aggregates[i].argument) add(read, *spec.aggregates[i].argument);
    if (spec.aggregates[i].filter) add(read, *spec.aggregates[i].filter);
  }
  for (std::size_t i = 0; i < extra; ++i) kept.push_back(keys + calls + i);
  const auto [input, position] = nearly(rel.inputs[0], read, 1);
  for (std::size_t& key : spec.keys) key = position[key];
  for (AggregateCall& call : aggregates) {
    if (call.argument) call.argument = position[*call.argument];
    if (call.filter) call.filter = position[*call.filter];
  }
  spec.aggregates = std::move(aggregates);
  remap_rest(spec, position);
  return {make_rel(std::move(spec), {input}, pick(rel.columns, kept)),
          positions_in(kept, rel.columns.size())};
}

Narrowed narrow_window_aggregate(const Rel& rel, WindowAggregateSpec spec, const Columns& needed) {
  Columns read;
  if (!spec.window.processing_time) read.push_back(spec.window.time_column);
  const std::size_t base = spec.keys.size() + spec.aggregates.size();
  std::size_t extra = 2;
  if (spec.emit_window_time) {
    spec.emit_window_time = std::binary_search(needed.begin(), needed.end(), base + 2);
    if (spec.emit_window_time) extra = 3;
  }
  return narrow_aggregate<WindowAggregateSpec>(
      rel, std::move(spec), needed, std::move(read), extra,
      [](WindowAggregateSpec& one, const Columns& position) {
        if (!one.window.processing_time) one.window.time_column = position[one.window.time_column];
      });
}

Narrowed narrow_assign(const Rel& rel, WindowAssignSpec spec, const Columns& needed) {
  const std::size_t size = rel.inputs[0]->columns.size();
  Columns read;
  for (const std::size_t column : needed)
    if (column < size) read.push_back(column);
  if (!spec.window.processing_time) add(read, spec.window.time_column);
  const RelPtr input = exactly(rel.inputs[0], read);
  const Columns position = positions_in(read, size);
  if (!spec.window.processing_time) spec.window.time_column = position[spec.window.time_column];
  Columns kept = read;
  for (std::size_t i = size; i < rel.columns.size(); ++i) kept.push_back(i);
  return {make_rel(spec, {input}, pick(rel.columns, kept)), positions_in(kept, rel.columns.size())};
}

Narrowed narrow_join(const Rel& rel, JoinSpec spec, const Columns& needed) {
  const std::size_t left_size = rel.inputs[0]->columns.size();
  Columns all = needed;
  if (spec.condition)
    for (const std::size_t column : columns_of(*spec.condition)) add(all, column);
  for (const std::size_t key : spec.left_keys) add(all, key);
  for (const std::size_t key : spec.right_keys) add(all, left_size + key);
  Columns left;
  Columns right;
  for (const std::size_t column : all) {
    if (column < left_size)
      left.push_back(column);
    else
      right.push_back(column - left_size);
  }
  // Exactly these columns, since a join keeps them all; their order does not matter.
  const auto [left_input, left_position] = nearly(rel.inputs[0], left, 0);
  const auto [right_input, right_position] = nearly(rel.inputs[1], right, 0);
  Columns position(rel.columns.size(), kGone);
  std::vector<RelColumn> columns(left_input->columns.size() + right_input->columns.size());
  for (const std::size_t column : all) {
    position[column] = column < left_size
                           ? left_position[column]
                           : left_input->columns.size() + right_position[column - left_size];
    columns[position[column]] = rel.columns[column];
  }
  for (std::size_t& key : spec.left_keys) key = left_position[key];
  for (std::size_t& key : spec.right_keys) key = right_position[key];
  if (spec.condition) spec.condition = remap_columns(*spec.condition, position);
  if (spec.window_end)
    spec.window_end = {left_position[spec.window_end->left],
                       right_position[spec.window_end->right]};
  return {make_rel(std::move(spec), {left_input, right_input}, std::move(columns)),
          std::move(position)};
}

Narrowed narrow_union(const Rel& rel, const Columns& needed) {
  std::vector<RelPtr> inputs;
  for (const RelPtr& input : rel.inputs) inputs.push_back(exactly(input, needed));
  return {make_rel(UnionSpec{}, std::move(inputs), pick(rel.columns, needed)),
          positions_in(needed, rel.columns.size())};
}

Narrowed narrow(const RelPtr& rel, const Columns& needed) {
  if (rel->as<ScanSpec>() != nullptr)
    return {project(rel, needed), positions_in(needed, rel->columns.size())};
  if (const auto* spec = rel->as<CalcSpec>()) return narrow_calc(*rel, *spec, needed);
  if (const auto* spec = rel->as<GroupAggregateSpec>())
    return narrow_aggregate<GroupAggregateSpec>(*rel, *spec, needed, {}, 0,
                                                [](GroupAggregateSpec&, const Columns&) {});
  if (const auto* spec = rel->as<WindowAggregateSpec>())
    return narrow_window_aggregate(*rel, *spec, needed);
  if (const auto* spec = rel->as<AttachedWindowAggregateSpec>())
    return narrow_aggregate<AttachedWindowAggregateSpec>(
        *rel, *spec, needed, {}, 0, [](AttachedWindowAggregateSpec& one, const Columns& position) {
          one.window_end_column = position[one.window_end_column];
        });
  if (const auto* spec = rel->as<WindowAssignSpec>()) return narrow_assign(*rel, *spec, needed);
  if (const auto* spec = rel->as<JoinSpec>()) return narrow_join(*rel, *spec, needed);
  return narrow_union(*rel, needed);
}

bool in_order(const Columns& columns, std::size_t size) {
  if (columns.size() != size) return false;
  for (std::size_t i = 0; i < size; ++i)
    if (columns[i] != i) return false;
  return true;
}

}  // namespace

RelPtr prune(const RelPtr& rel, const std::vector<std::size_t>& kept) {
  Columns needed;
  for (const std::size_t column : kept) add(needed, column);
  const Narrowed narrowed = narrow(rel, needed);
  Columns places;
  for (const std::size_t column : kept) places.push_back(narrowed.position[column]);
  if (in_order(places, narrowed.rel->columns.size())) return narrowed.rel;
  const RelPtr picked = project(narrowed.rel, places);
  return make_rel(picked->spec, picked->inputs, pick(rel->columns, kept));
}

}  // namespace penstock::sql
