#include "runtime/sql/scope.h"

#include <algorithm>
#include <optional>

#include "runtime/expr/functions.h"

namespace penstock::sql {
namespace {

struct Found {
  std::vector<std::size_t> columns;
  std::size_t parts_read = 1;
};

Found find(const Scope& scope, const std::vector<std::string>& name) {
  Found found;
  if (name.size() > 1) {
    for (const Scope::Part& part : scope.parts) {
      if (part.alias != name[0]) continue;
      for (std::size_t i = part.first; i < part.first + part.count; ++i)
        if (scope.columns[i].name == name[1]) found.columns.push_back(i);
    }
    found.parts_read = 2;
    if (!found.columns.empty()) return found;
    found.parts_read = 1;
  }
  for (std::size_t i = 0; i < scope.columns.size(); ++i)
    if (scope.columns[i].name == name[0]) found.columns.push_back(i);
  return found;
}

Fault unknown(const Scope& scope, Place place, const std::vector<std::string>& name) {
  const Scope::Part* table = nullptr;
  for (const Scope::Part& part : scope.parts)
    if (!part.alias.empty() && part.alias == name[0] && name.size() > 1) table = &part;
  std::vector<std::string> known;
  std::vector<std::string> tables;
  for (const Scope::Part& part : scope.parts) {
    if (!part.alias.empty()) tables.push_back(part.alias);
    if (table != nullptr && table != &part) continue;
    for (std::size_t i = part.first; i < part.first + part.count; ++i)
      known.push_back(scope.columns[i].name);
  }
  Fault fault{place, "unknown column '" + name[0] + "'"};
  if (table != nullptr) {
    fault.message = "unknown column '" + name[1] + "' of '" + name[0] + "'";
    fault.near_name = nearest_of(name[1], known);
  } else if (name.size() > 1) {
    fault.message = "unknown table or column '" + name[0] + "'";
    known.insert(known.end(), tables.begin(), tables.end());
    fault.near_name = nearest_of(name[0], known);
  } else {
    fault.near_name = nearest_of(name[0], known);
  }
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  if (known.size() <= 20 && !known.empty()) fault.expected = "one of " + joined(known, ", ");
  return fault;
}

std::string table_of(const Scope& scope, std::size_t column) {
  for (const Scope::Part& part : scope.parts)
    if (column >= part.first && column < part.first + part.count) return part.alias;
  return {};
}

}  // namespace

std::string nearest_of(const std::string& name, const std::vector<std::string>& known) {
  // Names are case-sensitive: the same letters in another case are the likeliest mistake.
  std::vector<std::string_view> views(known.begin(), known.end());
  return std::string(nearest_name(name, views));
}

std::string joined(const std::vector<std::string>& names, const char* between) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : between) + name;
  return text;
}

Parsed<Expr> resolve_field(Place place, Expr row, const std::string& field) {
  if (row.type.kind != TypeKind::kRow)
    return Fault{place,
                 "'." + field + "' needs a ROW, this is " + row.type.as_nullable().to_string()};
  std::vector<std::string> known;
  for (std::size_t i = 0; i < row.type.fields->size(); ++i) {
    const Field& one = (*row.type.fields)[i];
    known.push_back(one.name);
    if (one.name != field) continue;
    Expr access{.kind = Expr::Kind::kField, .type = one.type, .column = i};
    access.type.nullable = one.type.nullable || row.type.nullable;
    access.arguments.push_back(std::move(row));
    return access;
  }
  return Fault{place, "unknown field '" + field + "'", "one of " + joined(known, ", "),
               nearest_of(field, known)};
}

Parsed<Expr> resolve_name(const Scope& scope, Place place, const std::vector<std::string>& name) {
  const Found found = find(scope, name);
  if (found.columns.empty()) return unknown(scope, place, name);
  if (found.columns.size() > 1) {
    const std::string column = name[found.parts_read - 1];
    const std::string a = table_of(scope, found.columns[0]);
    const std::string b = table_of(scope, found.columns[1]);
    if (a == b)
      return Fault{place, "column '" + column + "' stands twice in its table",
                   "distinct names (AS)"};
    return Fault{place, "column '" + column + "' is in both '" + a + "' and '" + b + "'",
                 a + "." + column};
  }
  Expr expr = Expr::of_column(found.columns[0], scope.columns[found.columns[0]].type);
  for (std::size_t i = found.parts_read; i < name.size(); ++i) {
    TRY_ASSIGN(expr, resolve_field(place, std::move(expr), name[i]));
  }
  return expr;
}

}  // namespace penstock::sql
