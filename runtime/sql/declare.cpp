#include "runtime/sql/declare.h"

#include <algorithm>
#include <set>

#include "runtime/sql/bind_expression.h"
#include "runtime/sql/options.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

// True when the name is taken and that is fine (IF NOT EXISTS).
Parsed<bool> taken(const Catalog& catalog, Place place, const std::string& name,
                   bool if_not_exists) {
  const bool view = catalog.views.contains(name);
  if (!view && !catalog.tables.contains(name)) return false;
  if (if_not_exists) return true;
  return Fault{place, (view ? "view '" : "table '") + name + "' is there already",
               "another name, or IF NOT EXISTS"};
}

Done check_column_names(const CreateTable& written) {
  std::set<std::string> names;
  for (const ColumnDefinition& column : written.columns)
    if (!names.insert(column.name).second)
      return Fault{column.place, "column '" + column.name + "' stands twice"};
  return done();
}

// Physical columns first: computed ones may use all of them, also later ones.
Done add_columns(const CreateTable& written, Table& table) {
  for (const ColumnDefinition& column : written.columns)
    if (!column.computed) table.physical.fields.push_back({column.name, column.type});
  if (table.physical.fields.empty())
    return Fault{written.place, "table '" + written.name + "' has no physical column"};
  Scope scope;
  std::vector<RelColumn> physical;
  for (const Field& field : table.physical.fields) physical.push_back({field.name, field.type});
  scope.add("", physical);
  std::size_t next = 0;
  for (const ColumnDefinition& column : written.columns) {
    if (!column.computed) {
      table.columns.push_back({column.name, column.type});
      table.projections.push_back(Expr::of_column(next++, column.type));
      continue;
    }
    if (holds_aggregate(*column.computed))
      return Fault{column.place, "an aggregate cannot stand in a computed column"};
    TRY_ASSIGN(Expr expr, bind(*column.computed, scope));
    if (expr.type.kind == TypeKind::kNull)
      return Fault{column.place, "NULL has no type", "CAST(NULL AS ...)"};
    const bool proctime = expr.kind == Expr::Kind::kCall && expr.function == "PROCTIME";
    table.columns.push_back(
        {column.name, expr.type, proctime ? TimeRole::kProctime : TimeRole::kNone});
    table.projections.push_back(std::move(expr));
  }
  return done();
}

Done add_watermark(const CreateTable& written, Table& table) {
  if (!written.watermark) return done();
  const CreateTable::Watermark& watermark = *written.watermark;
  Scope scope;
  scope.add("", table.columns);
  TRY_ASSIGN(const Expr column, resolve_name(scope, watermark.place, {watermark.column}));
  RelColumn& time = table.columns[column.column];
  if (time.type.kind != TypeKind::kTimestamp && time.type.kind != TypeKind::kTimestampLtz)
    return Fault{watermark.place,
                 "WATERMARK FOR '" + time.name + "' of type " + time.type.as_nullable().to_string(),
                 "TIMESTAMP(3) or TIMESTAMP_LTZ(3)"};
  if (time.role == TimeRole::kProctime)
    return Fault{watermark.place, "WATERMARK FOR a column of processing time",
                 "a column of event time"};
  TRY_ASSIGN(Expr expr, bind(watermark.expr, scope));
  if (!expr.type.same_kind(time.type))
    return Fault{watermark.expr.place, "this WATERMARK is " + expr.type.as_nullable().to_string(),
                 time.type.as_nullable().to_string() + ", as '" + time.name + "'"};
  table.watermark = substitute(expr, table.projections);
  if (has_volatile(*table.watermark))
    return not_implemented(watermark.expr.place, "a WATERMARK that depends on the clock");
  time.role = TimeRole::kRowtime;
  return done();
}

Done add_primary_key(const CreateTable& written, Table& table) {
  for (const auto& [name, place] : written.primary_key) {
    const int column = table.physical.find(name);
    if (column < 0) {
      std::vector<std::string> known;
      for (const Field& field : table.physical.fields) known.push_back(field.name);
      return Fault{place, "PRIMARY KEY: '" + name + "' is no physical column",
                   "one of " + joined(known, ", "), nearest_of(name, known)};
    }
    if (table.physical.fields[static_cast<std::size_t>(column)].type.kind == TypeKind::kRow)
      return not_implemented(place, "a ROW in a PRIMARY KEY");
    const auto position = static_cast<std::size_t>(column);
    if (std::find(table.primary_key.begin(), table.primary_key.end(), position) !=
        table.primary_key.end())
      return Fault{place, "PRIMARY KEY: '" + name + "' stands twice"};
    table.primary_key.push_back(position);
  }
  return done();
}

}  // namespace

Done declare_table(const CreateTable& written, Catalog& catalog) {
  TRY_ASSIGN(const bool there, taken(catalog, written.place, written.name, written.if_not_exists));
  if (there) return done();
  Table table;
  table.name = written.name;
  table.place = written.place;
  TRY(check_column_names(written));
  TRY(add_columns(written, table));
  TRY(add_watermark(written, table));
  TRY(add_primary_key(written, table));
  TRY(check_options(written, table));
  catalog.tables.emplace(written.name, std::make_shared<const Table>(std::move(table)));
  return done();
}

Done declare_view(const CreateView& written, Catalog& catalog) {
  TRY_ASSIGN(const bool there, taken(catalog, written.place, written.name, written.if_not_exists));
  if (there) return done();
  TRY_ASSIGN(RelPtr rel, bind_query(written.query, catalog));
  if (!written.columns.empty()) {
    if (written.columns.size() != rel->columns.size())
      return Fault{written.place,
                   "view '" + written.name + "' names " + std::to_string(written.columns.size()) +
                       " columns, its query has " + std::to_string(rel->columns.size())};
    std::vector<RelColumn> columns = rel->columns;
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].name = written.columns[i];
    rel = make_rel(rel->spec, rel->inputs, std::move(columns));
  }
  catalog.views.emplace(written.name, std::move(rel));
  return done();
}

}  // namespace penstock::sql
