#include "runtime/sql/bind_from.h"

#include <algorithm>

#include "runtime/expr/functions.h"
#include "runtime/sql/bind_expression.h"
#include "runtime/sql/options.h"
#include "runtime/sql/plan_join.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

// Inner joins in any nesting: their tables from left to right, and every condition over the columns
// of all.
struct Flat {
  std::vector<RelPtr> tables;
  Scope scope;
  std::vector<Expr> conjuncts;
  Place join_place{};
};

class FromBinder {
 public:
  explicit FromBinder(const Catalog& catalog) : catalog_(catalog) {}

  Parsed<Flat> flatten(const TableRef& ref) {
    Flat flat;
    TRY(add(ref, flat));
    return flat;
  }

 private:
  Done add(const TableRef& ref, Flat& flat) {
    if (ref.kind == TableRef::Kind::kJoin) return join(ref, flat);
    TRY_ASSIGN(RelPtr rel, table(ref));
    std::string alias = ref.alias;
    if (alias.empty() && ref.kind == TableRef::Kind::kTable) alias = ref.table;
    for (const Scope::Part& part : flat.scope.parts)
      if (!alias.empty() && part.alias == alias)
        return Fault{ref.place, "two tables of this FROM are called '" + alias + "'",
                     "another name for one (AS)"};
    std::vector<RelColumn> columns = rel->columns;
    if (!ref.column_aliases.empty()) {
      if (ref.column_aliases.size() != columns.size())
        return Fault{ref.place, std::to_string(ref.column_aliases.size()) + " column names for " +
                                    std::to_string(columns.size()) + " columns"};
      for (std::size_t i = 0; i < columns.size(); ++i) columns[i].name = ref.column_aliases[i];
    }
    flat.scope.add(std::move(alias), columns);
    flat.tables.push_back(std::move(rel));
    return done();
  }

  Done join(const TableRef& ref, Flat& flat) {
    const std::size_t first_part = flat.scope.parts.size();
    flat.join_place = ref.place;
    TRY(add(*ref.inputs[0], flat));
    TRY(add(*ref.inputs[1], flat));
    if (!ref.condition) return done();
    // ON sees the tables of its join only.
    Scope visible = flat.scope;
    visible.parts.erase(visible.parts.begin(),
                        visible.parts.begin() + static_cast<std::ptrdiff_t>(first_part));
    const std::size_t first_column = visible.parts.front().first;
    for (std::size_t i = 0; i < first_column; ++i) visible.columns[i].name.clear();
    if (holds_aggregate(*ref.condition))
      return Fault{ref.condition->place, "an aggregate cannot stand in ON"};
    TRY_ASSIGN(Expr condition, bind_condition(*ref.condition, visible, "ON"));
    flat.conjuncts.push_back(std::move(condition));
    return done();
  }

  Parsed<RelPtr> table(const TableRef& ref) {
    if (ref.kind == TableRef::Kind::kQuery) return bind_query(*ref.query, catalog_);
    if (ref.kind == TableRef::Kind::kWindow) return window(ref);
    if (const auto view = catalog_.views.find(ref.table); view != catalog_.views.end())
      return view->second;
    const auto found = catalog_.tables.find(ref.table);
    if (found == catalog_.tables.end()) return unknown_table(catalog_, ref.place, ref.table);
    if (!can_read(*found->second))
      return Fault{ref.place, "table '" + ref.table + "' cannot be read: it is " +
                                  describe_table_kind(*found->second)};
    return read(*found->second, found->second);
  }

  static RelPtr read(const Table& table, const std::shared_ptr<const Table>& shared) {
    const RelPtr computed =
        calc(scan(shared), std::nullopt, table.projections, names_of(table.columns));
    return make_rel(computed->spec, computed->inputs, table.columns);
  }

  Parsed<RelPtr> window(const TableRef& ref) {
    TRY_ASSIGN(RelPtr input, table(*ref.inputs[0]));
    Scope scope;
    scope.add("", input->columns);
    TRY_ASSIGN(const Expr time, resolve_name(scope, ref.time_place, {ref.time_column}));
    const RelColumn& column = input->columns[time.column];
    TRY_ASSIGN(WindowSpec spec, window_spec(ref));
    spec.processing_time = column.role == TimeRole::kProctime;
    spec.time_column = time.column;
    if (!spec.processing_time && column.role != TimeRole::kRowtime &&
        column.role != TimeRole::kWindowTime)
      return Fault{ref.time_place, "column '" + ref.time_column + "' is no time attribute",
                   "a column with WATERMARK FOR in its table, PROCTIME() or window_time, passed on "
                   "unchanged and not "
                   "through a join or GROUP BY"};
    return assign(std::move(input), spec);
  }

  static Parsed<WindowSpec> window_spec(const TableRef& ref) {
    WindowSpec spec;
    spec.kind = ref.function == "HOP" ? WindowSpec::Kind::kHop : WindowSpec::Kind::kTumble;
    const std::size_t size_at = spec.kind == WindowSpec::Kind::kHop ? 1 : 0;
    TRY_ASSIGN(spec.size, constant_millis(ref.arguments[size_at], "a window's size"));
    spec.slide = spec.size;
    if (size_at == 1) {
      TRY_ASSIGN(spec.slide, constant_millis(ref.arguments[0], "a window's slide"));
    }
    if (ref.arguments.size() > size_at + 1) {
      TRY_ASSIGN(spec.offset, constant_millis(ref.arguments[size_at + 1], "a window's offset"));
    }
    if (spec.size <= 0 || spec.slide <= 0)
      return Fault{ref.arguments[0].place, "a window's length must be above zero"};
    if (spec.size % spec.slide != 0)
      return Fault{ref.arguments[0].place,
                   "the size of a HOP window must be a multiple of its slide",
                   "HOP(TABLE t, DESCRIPTOR(time), slide, size)"};
    if (spec.slide == spec.size) spec.kind = WindowSpec::Kind::kTumble;
    return spec;
  }

  static RelPtr assign(RelPtr input, const WindowSpec& spec) {
    std::vector<RelColumn> columns = input->columns;
    const Type time = spec.processing_time ? Type::of(TypeKind::kTimestampLtz)
                                           : Type::of(input->columns[spec.time_column].type.kind);
    auto window = std::make_shared<const WindowSpec>(spec);
    columns.push_back({"window_start", time.not_null(), TimeRole::kWindowStart, window});
    columns.push_back({"window_end", time.not_null(), TimeRole::kWindowEnd, window});
    columns.push_back({"window_time", time.not_null(),
                       spec.processing_time ? TimeRole::kNone : TimeRole::kWindowTime, window});
    const RelPtr assigned =
        make_rel(WindowAssignSpec{spec}, {std::move(input)}, std::move(columns));
    if (time.kind == TypeKind::kTimestamp) return assigned;
    // As in Flink, start and end are TIMESTAMP(3) whatever the time attribute is; window_time has
    // its type.
    std::vector<Expr> projections = identity(assigned);
    const std::size_t start = projections.size() - 3;
    for (std::size_t i = start; i < start + 2; ++i)
      projections[i] = coerce(std::move(projections[i]), Type::of(TypeKind::kTimestamp));
    return calc(assigned, std::nullopt, std::move(projections), names_of(assigned->columns));
  }

  const Catalog& catalog_;
};

}  // namespace

Parsed<From> bind_from(const TableRef& from, const std::optional<ExprNode>& where_node,
                       const Catalog& catalog) {
  TRY_ASSIGN(Flat flat, FromBinder(catalog).flatten(from));
  std::vector<Expr> conjuncts = std::move(flat.conjuncts);
  if (where_node) {
    if (holds_aggregate(*where_node))
      return Fault{where_node->place, "an aggregate cannot stand in WHERE", "HAVING"};
    TRY_ASSIGN(Expr condition, bind_condition(*where_node, flat.scope, "WHERE"));
    conjuncts.push_back(std::move(condition));
  }
  From result;
  if (flat.tables.size() == 1) {
    result.rel = where(flat.tables[0], conjuncts);
  } else {
    TRY_ASSIGN(result.rel, plan_joins(flat.tables, conjuncts, flat.join_place));
  }
  // Joins and filters keep the columns, not every role.
  for (std::size_t i = 0; i < flat.scope.columns.size(); ++i) {
    flat.scope.columns[i].role = result.rel->columns[i].role;
    flat.scope.columns[i].window = result.rel->columns[i].window;
  }
  result.scope = std::move(flat.scope);
  return result;
}

}  // namespace penstock::sql
