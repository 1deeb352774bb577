#include "runtime/sql/build.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "runtime/sql/options.h"
#include "runtime/sql/rewrite.h"
#include "runtime/sql/scan_use.h"

namespace penstock::sql {
namespace {

bool same(const SourceSpec& a, const SourceSpec& b) { return a.table == b.table; }
bool same(const CalcSpec& a, const CalcSpec& b) {
  return a.filter == b.filter && a.projections == b.projections;
}
bool same(const GroupAggregateSpec& a, const GroupAggregateSpec& b) {
  return a.keys == b.keys && a.aggregates == b.aggregates;
}
bool same(const WindowAggregateSpec& a, const WindowAggregateSpec& b) {
  return a.window == b.window && a.keys == b.keys && a.aggregates == b.aggregates &&
         a.emit_window_time == b.emit_window_time;
}
bool same(const WindowAssignSpec& a, const WindowAssignSpec& b) { return a.window == b.window; }
bool same(const AttachedWindowAggregateSpec& a, const AttachedWindowAggregateSpec& b) {
  return a.keys == b.keys && a.window_end_column == b.window_end_column &&
         a.aggregates == b.aggregates;
}
bool same(const JoinSpec& a, const JoinSpec& b) {
  return a.left_keys == b.left_keys && a.right_keys == b.right_keys && a.condition == b.condition &&
         a.window_end == b.window_end;
}
bool same(const UnionSpec&, const UnionSpec&) { return true; }
bool same(const SinkSpec&, const SinkSpec&) { return false; }  // each INSERT INTO writes its rows

bool same(const OperatorSpec& a, const OperatorSpec& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& one) { return same(one, std::get<std::decay_t<decltype(one)>>(b)); }, a);
}

bool same(const std::vector<Input>& a, const std::vector<Input>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Input& x, const Input& y) {
    return x.from == y.from && x.keyed == y.keyed && x.keys == y.keys;
  });
}

bool passes_everything(const CalcSpec& calc, const Schema& input) {
  if (calc.filter || calc.projections.size() != input.size()) return false;
  for (std::size_t i = 0; i < input.size(); ++i)
    if (calc.projections[i].kind != Expr::Kind::kColumn || calc.projections[i].column != i)
      return false;
  return true;
}

Schema schema_of(const std::vector<RelColumn>& columns) {
  Schema schema;
  for (const RelColumn& column : columns) schema.fields.push_back({column.name, column.type});
  return schema;
}

// Names for the columns that an operator reads, as the query called them: a Calc that comes or goes
// below must not rename what keeps state. Bounds of windows have none.
using Names = std::vector<std::string>;

std::string key_name(const RelColumn& column) {
  return column.role == TimeRole::kWindowStart || column.role == TimeRole::kWindowEnd ? ""
                                                                                      : column.name;
}

std::vector<Names> names_read(const Rel& rel, const std::vector<std::size_t>& keys) {
  Names names(rel.inputs[0]->columns.size());
  for (std::size_t i = 0; i < keys.size(); ++i) names[keys[i]] = key_name(rel.columns[i]);
  return {std::move(names)};
}

std::vector<Names> join_names_read(const Rel& rel) {
  std::vector<Names> names(2);
  const std::size_t left = rel.inputs[0]->columns.size();
  for (std::size_t i = 0; i < rel.columns.size(); ++i)
    names[i < left ? 0 : 1].push_back(key_name(rel.columns[i]));
  return names;
}

Input forward(OperatorId from) { return {.from = from, .keyed = false, .keys = {}}; }
Input by(OperatorId from, std::vector<std::size_t> keys) {
  return {.from = from, .keyed = true, .keys = std::move(keys)};
}

class GraphBuilder {
 public:
  explicit GraphBuilder(std::map<std::string, ScanUse> uses) : uses_(std::move(uses)) {}

  Done add(const Target& target) {
    const OperatorId from = emit(*target.rel);
    const bool changelog = graph_.at(from).changelog;
    if (changelog && !accepts_changelog(*target.table))
      return Fault{target.place,
                   "table '" + target.table->name + "' (" + describe_table_kind(*target.table) +
                       ") takes new rows only, but operator " + origin_of_changelog(from) +
                       " updates its rows",
                   "a sink that takes a changelog, such as 'format' = 'debezium-json', or a window "
                   "in GROUP BY"};
    Input input = forward(from);
    // Changes of one key stay in order on one subtask.
    if (changelog && !target.table->primary_key.empty())
      input = by(from, target.table->primary_key);
    append(SinkSpec{.table = target.table->name,
                    .connector = target.table->connector,
                    .options = target.table->options,
                    .declared = target.table->physical,
                    .primary_key = target.table->primary_key},
           {std::move(input)}, {}, false);
    return done();
  }

  StreamGraph finish() {
    for (std::uint32_t i = 0; i < graph_.operators.size(); ++i) warn({i});
    return std::move(graph_);
  }

 private:
  OperatorId emit(const Rel& rel) {
    if (const auto* spec = rel.as<CalcSpec>()) return emit_calc(rel, *spec);
    std::vector<OperatorId> from;
    for (const RelPtr& input : rel.inputs) from.push_back(emit(*input));
    Schema output = schema_of(rel.columns);
    const auto keyed = [&](const auto& spec) {
      return append(spec, {by(from[0], spec.keys)}, std::move(output), rel.changelog,
                    names_read(rel, spec.keys));
    };
    if (const auto* spec = rel.as<GroupAggregateSpec>()) return keyed(*spec);
    if (const auto* spec = rel.as<WindowAggregateSpec>()) return keyed(*spec);
    if (const auto* spec = rel.as<AttachedWindowAggregateSpec>()) return keyed(*spec);
    if (const auto* spec = rel.as<JoinSpec>())
      return append(*spec, {by(from[0], spec->left_keys), by(from[1], spec->right_keys)},
                    std::move(output), rel.changelog, join_names_read(rel));
    std::vector<Input> inputs;
    for (const OperatorId one : from) inputs.push_back(forward(one));
    if (const auto* spec = rel.as<WindowAssignSpec>())
      return append(*spec, std::move(inputs), std::move(output), rel.changelog);
    return append(UnionSpec{}, std::move(inputs), std::move(output), rel.changelog);
  }

  OperatorId emit_calc(const Rel& rel, CalcSpec spec) {
    OperatorId from{};
    if (const auto* scan = rel.inputs[0]->as<ScanSpec>()) {
      std::vector<std::size_t> position;
      SourceSpec source = source_of(uses_.at(scan->table->name), position);
      Schema decoded;
      for (const std::size_t column : source.columns)
        decoded.fields.push_back(source.declared.fields[column]);
      from = append(std::move(source), {}, std::move(decoded), false);
      if (spec.filter) spec.filter = remap_columns(*spec.filter, position);
      for (Expr& projection : spec.projections) projection = remap_columns(projection, position);
    } else {
      from = emit(*rel.inputs[0]);
    }
    if (passes_everything(spec, graph_.at(from).output)) return from;
    return append(std::move(spec), {forward(from)}, schema_of(rel.columns), rel.changelog);
  }

  // The operator that does the same already, else a new one.
  OperatorId append(OperatorSpec spec, std::vector<Input> inputs, Schema output, bool changelog,
                    const std::vector<Names>& columns_read = {}) {
    for (std::uint32_t i = 0; i < graph_.operators.size(); ++i)
      if (same(graph_.operators[i].inputs, inputs) && same(graph_.operators[i].spec, spec))
        return {i};
    std::string name = unique(base_name(spec, columns_read, output));
    graph_.operators.push_back({.name = std::move(name),
                                .spec = std::move(spec),
                                .inputs = std::move(inputs),
                                .output = std::move(output),
                                .changelog = changelog});
    return {static_cast<std::uint32_t>(graph_.operators.size() - 1)};
  }

  std::string unique(const std::string& base) {
    std::string name = base;
    for (int number = 2; !names_.insert(name).second; ++number)
      name = base + "-" + std::to_string(number);
    return name;
  }

  std::string origin_of_changelog(OperatorId id) const {
    for (const Input& input : graph_.at(id).inputs)
      if (graph_.at(input.from).changelog) return origin_of_changelog(input.from);
    return graph_.at(id).name;
  }

  bool reads_unbounded(OperatorId id) const {
    const OperatorNode& node = graph_.at(id);
    if (const auto* source = std::get_if<SourceSpec>(&node.spec))
      return !is_bounded(*uses_.at(source->table).table);
    return std::any_of(node.inputs.begin(), node.inputs.end(),
                       [this](const Input& input) { return reads_unbounded(input.from); });
  }

  void warn(OperatorId id) {
    const OperatorNode& node = graph_.at(id);
    const auto* join = std::get_if<JoinSpec>(&node.spec);
    const auto* group = std::get_if<GroupAggregateSpec>(&node.spec);
    const bool grows =
        (join != nullptr && !join->window_end) || (group != nullptr && !group->keys.empty());
    if (!grows || !reads_unbounded(id)) return;
    graph_.warnings.push_back("operator " + node.name + " keeps " +
                              (join != nullptr ? "all rows of both inputs" : "every group") +
                              " for ever, and its input never ends: its state grows without bound");
  }

  std::map<std::string, ScanUse> uses_;
  StreamGraph graph_;
  std::set<std::string> names_;
};

}  // namespace

Parsed<StreamGraph> build_graph(std::vector<Target> targets) {
  std::vector<RelPtr> rels;
  for (Target& target : targets) {
    std::vector<std::size_t> all(target.rel->columns.size());
    std::iota(all.begin(), all.end(), 0);
    target.rel = prune(target.rel, all);
    rels.push_back(target.rel);
  }
  GraphBuilder builder(scan_uses(rels));
  for (const Target& target : targets) TRY(builder.add(target));
  return builder.finish();
}

}  // namespace penstock::sql
