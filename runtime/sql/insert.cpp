#include "runtime/sql/insert.h"

#include <algorithm>

#include "runtime/expr/functions.h"
#include "runtime/sql/options.h"
#include "runtime/sql/scope.h"

namespace penstock::sql {
namespace {

int numeric_rank(TypeKind kind) {
  switch (kind) {
    case TypeKind::kInt:
      return 1;
    case TypeKind::kBigint:
      return 2;
    case TypeKind::kDecimal:
      return 3;
    case TypeKind::kDouble:
      return 4;
    default:
      return 0;
  }
}

// The casts that Flink makes by itself when rows go into a table.
bool casts_implicitly(const Type& from, const Type& to) {
  if (from.same_kind(to) || from.kind == TypeKind::kNull) return true;
  const int from_rank = numeric_rank(from.kind);
  const int to_rank = numeric_rank(to.kind);
  if (from_rank > 0 && to_rank > 0) return from_rank <= to_rank;
  switch (to.kind) {
    case TypeKind::kTimestamp:
      return from.kind == TypeKind::kDate || from.kind == TypeKind::kTimestampLtz;
    case TypeKind::kTimestampLtz:
      return from.kind == TypeKind::kDate || from.kind == TypeKind::kTimestamp;
    default:
      return false;
  }
}

std::string schema_text(const std::vector<Field>& fields) {
  std::string text = "(";
  for (const Field& field : fields)
    text += (text.size() > 1 ? ", " : "") + field.name + " " + field.type.as_nullable().to_string();
  return text + ")";
}

std::vector<Field> query_fields(const RelPtr& rel) {
  std::vector<Field> fields;
  for (const RelColumn& column : rel->columns) fields.push_back({column.name, column.type});
  return fields;
}

Fault mismatch(const Insert& written, const RelPtr& rel, const std::vector<Field>& expected,
               const std::string& what) {
  return {written.table_place, "the query does not fit table '" + written.table + "': " + what +
                                   "; query schema: " + schema_text(query_fields(rel)) +
                                   ", sink schema: " + schema_text(expected)};
}

// The table's columns that the query fills, in the query's order.
Parsed<std::vector<std::size_t>> filled_columns(const Insert& written, const Table& table) {
  std::vector<std::size_t> filled;
  if (written.columns.empty()) {
    for (std::size_t i = 0; i < table.physical.size(); ++i) filled.push_back(i);
    return filled;
  }
  for (const auto& [name, place] : written.columns) {
    const int column = table.physical.find(name);
    if (column < 0) {
      std::vector<std::string> known;
      for (const Field& field : table.physical.fields) known.push_back(field.name);
      return Fault{place, "unknown column '" + name + "' of table '" + table.name + "'",
                   "one of " + joined(known, ", "), nearest_of(name, known)};
    }
    if (std::find(filled.begin(), filled.end(), static_cast<std::size_t>(column)) != filled.end())
      return Fault{place, "column '" + name + "' stands twice"};
    filled.push_back(static_cast<std::size_t>(column));
  }
  return filled;
}

bool in_primary_key(const Table& table, std::size_t column) {
  return std::find(table.primary_key.begin(), table.primary_key.end(), column) !=
         table.primary_key.end();
}

}  // namespace

Parsed<Target> bind_insert(const Insert& written, const Catalog& catalog) {
  const auto found = catalog.tables.find(written.table);
  if (found == catalog.tables.end()) {
    if (catalog.views.contains(written.table))
      return Fault{written.table_place, "'" + written.table + "' is a view; rows go into tables"};
    return unknown_table(catalog, written.table_place, written.table);
  }
  const Table& table = *found->second;
  if (!can_write(table))
    return Fault{written.table_place, "table '" + table.name + "' cannot be written: it is " +
                                          describe_table_kind(table)};
  TRY_ASSIGN(const RelPtr rel, bind_query(written.query, catalog));
  TRY_ASSIGN(const std::vector<std::size_t> filled, filled_columns(written, table));
  std::vector<Field> expected;
  for (const std::size_t column : filled) expected.push_back(table.physical.fields[column]);
  if (rel->columns.size() != filled.size())
    return mismatch(
        written, rel, expected,
        std::to_string(rel->columns.size()) + " columns for " + std::to_string(filled.size()));

  std::vector<Expr> projections;
  std::vector<std::string> names;
  for (const Field& field : table.physical.fields) {
    projections.push_back(Expr::of_literal({}, field.type.as_nullable()));
    names.push_back(field.name);
  }
  for (std::size_t i = 0; i < filled.size(); ++i) {
    const Type& from = rel->columns[i].type;
    if (!casts_implicitly(from, expected[i].type))
      return mismatch(written, rel, expected,
                      "column '" + expected[i].name + "' is " +
                          expected[i].type.as_nullable().to_string() + ", the query gives " +
                          from.as_nullable().to_string() + " (write a CAST)");
    projections[filled[i]] = coerce(Expr::of_column(i, from), expected[i].type);
  }
  for (std::size_t i = 0; i < projections.size(); ++i)
    if (!table.physical.fields[i].type.nullable && projections[i].type.nullable &&
        !in_primary_key(table, i))
      return mismatch(
          written, rel, expected,
          "column '" + names[i] + "' is NOT NULL, the query may give NULL (write COALESCE)");
  return Target{found->second, calc(rel, std::nullopt, std::move(projections), names),
                written.table_place};
}

}  // namespace penstock::sql
