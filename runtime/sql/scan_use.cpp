#include "runtime/sql/scan_use.h"

#include <algorithm>

#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

using Uses = std::map<std::size_t, std::vector<std::size_t>>;

void use_all(Uses& uses, std::size_t column) { uses[column] = {}; }

void use_field(Uses& uses, std::size_t column, std::size_t field) {
  const auto [use, added] = uses.try_emplace(column, std::vector<std::size_t>{field});
  if (added || use->second.empty()) return;  // empty: all fields are used already
  const auto at = std::lower_bound(use->second.begin(), use->second.end(), field);
  if (at == use->second.end() || *at != field) use->second.insert(at, field);
}

void add_uses(const Expr& expr, Uses& uses) {
  if (expr.kind == Expr::Kind::kField && expr.arguments[0].kind == Expr::Kind::kColumn) {
    use_field(uses, expr.arguments[0].column, expr.column);
    return;
  }
  if (expr.kind == Expr::Kind::kColumn) use_all(uses, expr.column);
  for (const Expr& argument : expr.arguments) add_uses(argument, uses);
}

bool waits_for_watermark(const Rel& rel) {
  if (const auto* window = rel.as<WindowAggregateSpec>()) return !window->window.processing_time;
  if (const auto* join = rel.as<JoinSpec>()) return join->window_end.has_value();
  return rel.as<AttachedWindowAggregateSpec>() != nullptr;
}

void add_scan(const CalcSpec& calc, const ScanSpec& scan, bool timed,
              std::map<std::string, ScanUse>& uses) {
  ScanUse& use = uses[scan.table->name];
  use.table = scan.table;
  use.watermark = use.watermark || timed;
  if (calc.filter) add_uses(*calc.filter, use.columns);
  for (const Expr& projection : calc.projections) add_uses(projection, use.columns);
  const auto equals = equalities(conjuncts_of(calc.filter));
  if (!use.equals) {
    use.equals = equals;
    return;
  }
  std::erase_if(*use.equals, [&equals](const auto& one) {
    return std::find(equals.begin(), equals.end(), one) == equals.end();
  });
}

void walk(const Rel& rel, bool timed, std::map<std::string, ScanUse>& uses) {
  timed = timed || waits_for_watermark(rel);
  if (const auto* calc = rel.as<CalcSpec>())
    if (const auto* scan = rel.inputs[0]->as<ScanSpec>())
      return add_scan(*calc, *scan, timed, uses);
  for (const RelPtr& input : rel.inputs) walk(*input, timed, uses);
}

}  // namespace

std::map<std::string, ScanUse> scan_uses(const std::vector<RelPtr>& rels) {
  std::map<std::string, ScanUse> uses;
  for (const RelPtr& rel : rels) walk(*rel, false, uses);
  for (auto& [name, use] : uses)
    if (use.watermark && use.table->watermark) add_uses(*use.table->watermark, use.columns);
  return uses;
}

SourceSpec source_of(const ScanUse& use, std::vector<std::size_t>& position) {
  const Table& table = *use.table;
  SourceSpec source{.table = table.name,
                    .connector = table.connector,
                    .options = table.options,
                    .declared = table.physical,
                    .columns = {},
                    .nested = {},
                    .watermark = {},
                    .equals = {}};
  position.assign(table.physical.size(), 0);
  for (const auto& [column, fields] : use.columns) {
    position[column] = source.columns.size();
    source.columns.push_back(column);
    source.nested.push_back(fields);
  }
  if (use.watermark && table.watermark)
    source.watermark = remap_columns(*table.watermark, position);
  else if (use.equals)
    // Rows that a connector skips would not advance the watermark, so this is for sources without
    // one.
    source.equals = *use.equals;
  return source;
}

}  // namespace penstock::sql
