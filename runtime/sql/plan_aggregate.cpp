#include "runtime/sql/plan_aggregate.h"

#include <algorithm>

#include "runtime/expr/functions.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

bool is_window_bound(TimeRole role) {
  return role == TimeRole::kWindowStart || role == TimeRole::kWindowEnd ||
         role == TimeRole::kWindowTime;
}

// The columns that an aggregation reads, each computed once.
class Inputs {
 public:
  std::size_t add(const Expr& expr, const std::string& name) {
    const auto known = std::find(exprs_.begin(), exprs_.end(), expr);
    if (known != exprs_.end()) return static_cast<std::size_t>(known - exprs_.begin());
    exprs_.push_back(expr);
    names_.push_back(name);
    return exprs_.size() - 1;
  }

  std::vector<AggregateCall> add_all(const std::vector<BoundAggregate>& aggregates,
                                     const RelPtr& input) {
    std::vector<AggregateCall> calls;
    for (const BoundAggregate& one : aggregates) {
      AggregateCall call{.function = one.function,
                         .argument = {},
                         .distinct = one.distinct,
                         .filter = {},
                         .type = one.type};
      if (one.argument) call.argument = add(*one.argument, name_of(*one.argument, input));
      if (one.filter) call.filter = add(*one.filter, "filter" + std::to_string(calls.size()));
      calls.push_back(std::move(call));
    }
    return calls;
  }

  RelPtr finish(const RelPtr& input, const std::optional<Expr>& filter) const {
    return calc(input, filter, exprs_, names_);
  }

 private:
  std::string name_of(const Expr& expr, const RelPtr& input) const {
    if (expr.kind == Expr::Kind::kColumn) return input->columns[expr.column].name;
    if (expr.kind == Expr::Kind::kField) return (*expr.arguments[0].type.fields)[expr.column].name;
    return "value" + std::to_string(exprs_.size());
  }

  std::vector<Expr> exprs_;
  std::vector<std::string> names_;
};

// `names` are those of keys, then aggregates.
void add_aggregate_columns(const std::vector<BoundAggregate>& aggregates,
                           const std::vector<std::string>& names, std::vector<RelColumn>& columns) {
  const std::size_t keys = names.size() - aggregates.size();
  for (std::size_t i = 0; i < aggregates.size(); ++i)
    columns.push_back({names[keys + i], aggregates[i].type});
}

RelPtr plain(const RelPtr& input, const std::vector<Expr>& keys,
             const std::vector<std::string>& names, const std::vector<BoundAggregate>& aggregates) {
  Inputs inputs;
  GroupAggregateSpec spec;
  std::vector<RelColumn> columns;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    spec.keys.push_back(inputs.add(keys[i], names[i]));
    columns.push_back({names[i], keys[i].type});
  }
  spec.aggregates = inputs.add_all(aggregates, input);
  add_aggregate_columns(aggregates, names, columns);
  return make_rel(std::move(spec), {inputs.finish(input, std::nullopt)}, std::move(columns));
}

// A window function right below, perhaps with filters and projections above it.
struct Fresh {
  const Rel* assign = nullptr;
  std::optional<Expr> filter;
  std::vector<Expr> keys;  // over the columns of `assign`
  std::vector<BoundAggregate> aggregates;
};

std::optional<Fresh> find_fresh(const RelPtr& input, const std::vector<Expr>& keys,
                                const std::vector<BoundAggregate>& aggregates) {
  Fresh fresh{.assign = input.get(), .filter = {}, .keys = keys, .aggregates = aggregates};
  while (const auto* spec = fresh.assign->as<CalcSpec>()) {
    std::vector<Expr> conjuncts = conjuncts_of(spec->filter);
    if (fresh.filter) conjuncts.push_back(substitute(*fresh.filter, spec->projections));
    fresh.filter = conjunction(std::move(conjuncts));
    for (Expr& key : fresh.keys) key = substitute(key, spec->projections);
    for (BoundAggregate& one : fresh.aggregates) {
      if (one.argument) one.argument = substitute(*one.argument, spec->projections);
      if (one.filter) one.filter = substitute(*one.filter, spec->projections);
    }
    fresh.assign = fresh.assign->inputs[0].get();
  }
  if (fresh.assign->as<WindowAssignSpec>() == nullptr) return std::nullopt;
  return fresh;
}

bool reads_window(const std::optional<Expr>& expr, std::size_t size) {
  if (!expr) return false;
  const std::vector<std::size_t> columns = columns_of(*expr);
  return !columns.empty() && columns.back() >= size;
}

// Column of the window (0 start, 1 end, 2 time) that a key passes on, also as local time; nothing
// when it is another key.
std::optional<std::size_t> bound_of(const Expr& key, std::size_t size) {
  const Expr& column = key.kind == Expr::Kind::kCast ? key.arguments[0] : key;
  if (column.kind != Expr::Kind::kColumn || column.column < size) return std::nullopt;
  return column.column - size;
}

bool liftable(const Fresh& fresh) {
  const std::size_t size = fresh.assign->inputs[0]->columns.size();
  if (reads_window(fresh.filter, size)) return false;
  bool windowed = false;
  for (const Expr& key : fresh.keys) {
    if (bound_of(key, size))
      windowed = true;
    else if (reads_window(key, size))
      return false;
  }
  for (const BoundAggregate& one : fresh.aggregates)
    if (reads_window(one.argument, size) || reads_window(one.filter, size)) return false;
  return windowed;
}

RelPtr windowed(const Fresh& fresh, const std::vector<Expr>& written_keys,
                const std::vector<std::string>& names) {
  const RelPtr& base = fresh.assign->inputs[0];
  const std::size_t size = base->columns.size();
  Inputs inputs;
  WindowAggregateSpec spec{
      .window = fresh.assign->as<WindowAssignSpec>()->window, .keys = {}, .aggregates = {}};
  std::vector<RelColumn> columns;
  std::vector<std::size_t> place_of_key(fresh.keys.size());
  for (std::size_t i = 0; i < fresh.keys.size(); ++i) {
    if (const auto bound = bound_of(fresh.keys[i], size)) {
      spec.emit_window_time = spec.emit_window_time || *bound == 2;
      continue;
    }
    place_of_key[i] = spec.keys.size();
    spec.keys.push_back(inputs.add(fresh.keys[i], names[i]));
    columns.push_back({names[i], fresh.keys[i].type});
  }
  const std::size_t own_keys = spec.keys.size();
  spec.aggregates = inputs.add_all(fresh.aggregates, base);
  add_aggregate_columns(fresh.aggregates, names, columns);
  if (!spec.window.processing_time) {
    const std::size_t time = spec.window.time_column;
    spec.window.time_column =
        inputs.add(Expr::of_column(time, base->columns[time].type), base->columns[time].name);
  } else {
    spec.window.time_column = 0;
  }
  const std::size_t bounds = columns.size();
  for (std::size_t i = 0; i < (spec.emit_window_time ? 3u : 2u); ++i)
    columns.push_back(fresh.assign->columns[size + i]);
  const RelPtr aggregated =
      make_rel(std::move(spec), {inputs.finish(base, fresh.filter)}, std::move(columns));

  // Back to the order in which the keys were written.
  std::vector<Expr> projections;
  for (std::size_t i = 0; i < fresh.keys.size(); ++i) {
    const auto bound = bound_of(fresh.keys[i], size);
    const std::size_t column = bound ? bounds + *bound : place_of_key[i];
    projections.push_back(
        coerce(Expr::of_column(column, aggregated->columns[column].type), written_keys[i].type));
  }
  for (std::size_t i = 0; i < fresh.aggregates.size(); ++i) {
    projections.push_back(Expr::of_column(own_keys + i, fresh.aggregates[i].type));
  }
  return calc(aggregated, std::nullopt, std::move(projections), names);
}

// Rows that carry a window since an earlier window operator.
RelPtr attached(const RelPtr& input, std::size_t end_key, const std::vector<Expr>& keys,
                const std::vector<std::string>& names,
                const std::vector<BoundAggregate>& aggregates) {
  Inputs inputs;
  AttachedWindowAggregateSpec spec;
  std::vector<RelColumn> columns;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    spec.keys.push_back(inputs.add(keys[i], names[i]));
    RelColumn column{.name = names[i], .type = keys[i].type};
    if (keys[i].kind == Expr::Kind::kColumn && input->columns[keys[i].column].window) {
      column.role = input->columns[keys[i].column].role;
      column.window = input->columns[keys[i].column].window;
    }
    columns.push_back(std::move(column));
  }
  spec.window_end_column = spec.keys[end_key];
  spec.aggregates = inputs.add_all(aggregates, input);
  add_aggregate_columns(aggregates, names, columns);
  return make_rel(std::move(spec), {inputs.finish(input, std::nullopt)}, std::move(columns));
}

}  // namespace

Parsed<RelPtr> plan_aggregate(const RelPtr& input, const std::vector<Expr>& keys,
                              const std::vector<std::string>& names,
                              const std::vector<BoundAggregate>& aggregates, Place place) {
  std::optional<std::size_t> end_key;
  bool bounded = false;
  bool processing_time = false;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].kind != Expr::Kind::kColumn) continue;
    const RelColumn& column = input->columns[keys[i].column];
    if (!column.window || !is_window_bound(column.role)) continue;
    bounded = true;
    processing_time = column.window->processing_time;
    if (column.role == TimeRole::kWindowEnd) end_key = i;
  }
  if (!bounded) return plain(input, keys, names, aggregates);
  if (const std::optional<Fresh> fresh = find_fresh(input, keys, aggregates);
      fresh && liftable(*fresh))
    return windowed(*fresh, keys, names);
  if (!end_key) return Fault{place, "GROUP BY a window needs its end", "window_end among the keys"};
  if (processing_time)
    return not_implemented(place, "a second aggregation over a window of processing time");
  return attached(input, *end_key, keys, names, aggregates);
}

}  // namespace penstock::sql
