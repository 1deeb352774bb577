#include "runtime/sql/bind_query.h"

#include <algorithm>

#include "runtime/expr/functions.h"
#include "runtime/sql/bind_expression.h"
#include "runtime/sql/bind_from.h"
#include "runtime/sql/plan_aggregate.h"
#include "runtime/sql/rewrite.h"

namespace penstock::sql {
namespace {

// Views within views may repeat each other; a plan is a tree while it is rewritten.
constexpr std::size_t kLargestPlan = 5'000;
constexpr int kDeepestPlan = 300;

// One column of a SELECT list: an expression or, from a star, a column.
struct Item {
  const ExprNode* node = nullptr;
  std::size_t column = 0;
  std::string name;
  Place place;
};

class SelectBinder {
 public:
  SelectBinder(const Select& select, const Catalog& catalog) : select_(select), catalog_(catalog) {}

  Parsed<RelPtr> bind_all() {
    TRY_ASSIGN(from_, bind_from(*select_.from, select_.where, catalog_));
    TRY(expand());
    const bool aggregated = select_.grouped || select_.having ||
                            std::any_of(items_.begin(), items_.end(), [](const Item& item) {
                              return item.node && holds_aggregate(*item.node);
                            });
    TRY_ASSIGN(RelPtr rel, aggregated ? grouped() : plain());
    if (!select_.distinct) return rel;
    return plan_aggregate(rel, identity(rel), names_of(rel->columns), {}, select_.place);
  }

 private:
  Done expand() {
    for (const SelectItem& item : select_.items) {
      if (item.star) {
        TRY(expand_star(item));
        continue;
      }
      std::string name = item.alias ? *item.alias : name_for(item.expr, items_.size());
      items_.push_back({&item.expr, 0, std::move(name), item.place});
    }
    return done();
  }

  Done expand_star(const SelectItem& item) {
    if (item.qualifier.size() > 1) return not_implemented(item.place, "the star of a ROW");
    bool any = false;
    for (const Scope::Part& part : from_.scope.parts) {
      if (!item.qualifier.empty() && part.alias != item.qualifier[0]) continue;
      any = true;
      for (std::size_t i = part.first; i < part.first + part.count; ++i)
        items_.push_back({nullptr, i, from_.scope.columns[i].name, item.place});
    }
    if (any) return done();
    std::vector<std::string> known;
    for (const Scope::Part& part : from_.scope.parts) known.push_back(part.alias);
    return Fault{item.place, "unknown table '" + item.qualifier[0] + "'",
                 "one of " + joined(known, ", "), nearest_of(item.qualifier[0], known)};
  }

  Parsed<Expr> bind_item(const Item& item, std::vector<BoundAggregate>* aggregates) const {
    if (item.node == nullptr)
      return Expr::of_column(item.column, from_.scope.columns[item.column].type);
    TRY_ASSIGN(Expr expr, bind(*item.node, from_.scope, aggregates));
    if (expr.type.kind == TypeKind::kNull)
      return Fault{item.place, "NULL has no type", "CAST(NULL AS ...)"};
    return expr;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Item& item : items_) names.push_back(item.name);
    return names;
  }

  Parsed<RelPtr> plain() {
    std::vector<Expr> projections;
    for (const Item& item : items_) {
      TRY_ASSIGN(Expr expr, bind_item(item, nullptr));
      projections.push_back(std::move(expr));
    }
    return calc(from_.rel, std::nullopt, std::move(projections), names());
  }

  Parsed<RelPtr> grouped() {
    TRY(bind_keys());
    std::vector<BoundAggregate> aggregates;
    std::vector<Expr> bound;
    for (const Item& item : items_) {
      TRY_ASSIGN(Expr expr, bind_item(item, &aggregates));
      bound.push_back(std::move(expr));
    }
    std::vector<Expr> having;
    if (select_.having) {
      TRY_ASSIGN(Expr condition,
                 bind_condition(*select_.having, from_.scope, "HAVING", &aggregates));
      TRY_ASSIGN(condition, over_groups(condition, select_.having->place));
      having.push_back(std::move(condition));
    }
    TRY_ASSIGN(RelPtr rel, plan_aggregate(from_.rel, keys_, column_names(bound, aggregates.size()),
                                          aggregates, select_.place));
    rel = where(rel, having);
    std::vector<Expr> projections;
    for (std::size_t i = 0; i < bound.size(); ++i) {
      TRY_ASSIGN(Expr expr, over_groups(bound[i], items_[i].place));
      projections.push_back(std::move(expr));
    }
    return calc(rel, std::nullopt, std::move(projections), names());
  }

  Done bind_keys() {
    for (const ExprNode& node : select_.group_by) {
      if (node.kind == ExprNode::Kind::kNumber)
        return not_implemented(node.place, "GROUP BY the number of a column");
      if (holds_aggregate(node)) return Fault{node.place, "an aggregate cannot stand in GROUP BY"};
      Parsed<Expr> key = bind(node, from_.scope);
      if (!key) return with_alias_hint(node, key.error());
      if (key->type.kind == TypeKind::kRow) return not_implemented(node.place, "GROUP BY a ROW");
      if (std::find(keys_.begin(), keys_.end(), *key) == keys_.end())
        keys_.push_back(std::move(key).value());
    }
    return done();
  }

  Fault with_alias_hint(const ExprNode& node, Fault fault) const {
    if (node.kind != ExprNode::Kind::kName || node.name.size() != 1) return fault;
    for (const SelectItem& item : select_.items)
      if (item.alias == node.name[0]) {
        fault.message += "; a name given in SELECT is not known to GROUP BY, repeat its expression";
        fault.near_name.clear();
      }
    return fault;
  }

  // Names for keys, then aggregates, from what SELECT calls them.
  std::vector<std::string> column_names(const std::vector<Expr>& bound,
                                        std::size_t aggregates) const {
    std::vector<std::string> names = key_names(bound);
    for (std::size_t i = 0; i < aggregates; ++i) names.push_back("aggregate" + std::to_string(i));
    const std::size_t inputs = from_.scope.columns.size();
    for (std::size_t i = 0; i < bound.size(); ++i)
      if (bound[i].kind == Expr::Kind::kColumn && bound[i].column >= inputs)
        names[keys_.size() + bound[i].column - inputs] = items_[i].name;
    return names;
  }

  std::vector<std::string> key_names(const std::vector<Expr>& bound) const {
    std::vector<std::string> names;
    for (const Expr& key : keys_) {
      const auto item = std::find(bound.begin(), bound.end(), key);
      if (key.kind == Expr::Kind::kColumn)
        names.push_back(from_.scope.columns[key.column].name);
      else if (item != bound.end())
        names.push_back(items_[static_cast<std::size_t>(item - bound.begin())].name);
      else
        names.push_back("key" + std::to_string(names.size()));
    }
    return names;
  }

  // `expr` over the input and the aggregates, written over the groups: keys, then aggregates.
  Parsed<Expr> over_groups(const Expr& expr, Place place) const {
    const auto key = std::find(keys_.begin(), keys_.end(), expr);
    if (key != keys_.end())
      return Expr::of_column(static_cast<std::size_t>(key - keys_.begin()), expr.type);
    if (expr.kind == Expr::Kind::kColumn) {
      const std::size_t inputs = from_.scope.columns.size();
      if (expr.column >= inputs)
        return Expr::of_column(keys_.size() + expr.column - inputs, expr.type);
      return Fault{place,
                   "column '" + from_.scope.columns[expr.column].name +
                       "' is neither grouped nor aggregated",
                   "it in GROUP BY, or an aggregate of it"};
    }
    Expr result = expr;
    for (Expr& argument : result.arguments) {
      TRY_ASSIGN(argument, over_groups(argument, place));
    }
    return result;
  }

  const Select& select_;
  const Catalog& catalog_;
  From from_;
  std::vector<Item> items_;
  std::vector<Expr> keys_;
};

Parsed<RelPtr> bind_part(const Query::Part& part, const Catalog& catalog) {
  if (part.nested) return bind_query(*part.nested, catalog);
  return SelectBinder(*part.select, catalog).bind_all();
}

// Casts to the common types of all parts, names of the first.
Parsed<RelPtr> union_of(std::vector<RelPtr> parts, const Query& query) {
  const std::vector<RelColumn>& first = parts[0]->columns;
  std::vector<Type> types;
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (parts[i]->columns.size() != first.size())
      return Fault{query.parts[i].place,
                   "this part of UNION ALL has " + std::to_string(parts[i]->columns.size()) +
                       " columns, the first has " + std::to_string(first.size())};
  std::vector<RelColumn> columns;
  for (std::size_t column = 0; column < first.size(); ++column) {
    std::vector<Type> all;
    for (const RelPtr& part : parts) all.push_back(part->columns[column].type);
    Result<Type> type = common_type(all);
    if (!type)
      return Fault{query.place, "column " + std::to_string(column + 1) + " of UNION ALL ('" +
                                    first[column].name + "'): " + type.error().message};
    type->nullable =
        std::any_of(all.begin(), all.end(), [](const Type& one) { return one.nullable; });
    RelColumn result{.name = first[column].name,
                     .type = *type,
                     .role = first[column].role,
                     .window = first[column].window};
    for (const RelPtr& part : parts) {
      const RelColumn& one = part->columns[column];
      if (one.role == result.role && (!result.window || same_window(one, result))) continue;
      result.role = TimeRole::kNone;
      result.window.reset();
    }
    columns.push_back(std::move(result));
  }
  for (RelPtr& part : parts) {
    bool same = true;
    std::vector<Expr> projections = identity(part);
    for (std::size_t i = 0; i < projections.size(); ++i) {
      same = same && projections[i].type.same_kind(columns[i].type);
      projections[i] = coerce(std::move(projections[i]), columns[i].type);
    }
    if (!same) part = calc(part, std::nullopt, std::move(projections), names_of(columns));
  }
  return make_rel(UnionSpec{}, std::move(parts), std::move(columns));
}

}  // namespace

Parsed<RelPtr> bind_query(const Query& query, const Catalog& catalog) {
  std::vector<RelPtr> parts;
  for (const Query::Part& part : query.parts) {
    TRY_ASSIGN(RelPtr rel, bind_part(part, catalog));
    parts.push_back(std::move(rel));
  }
  RelPtr rel = parts[0];
  if (parts.size() > 1) {
    TRY_ASSIGN(rel, union_of(std::move(parts), query));
  }
  if (rel->size > kLargestPlan || rel->depth > kDeepestPlan)
    return Fault{query.place, "this query has more than 5000 operators, or 300 within each other"};
  return rel;
}

Fault unknown_table(const Catalog& catalog, Place place, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [table, value] : catalog.tables) known.push_back(table);
  for (const auto& [view, value] : catalog.views) known.push_back(view);
  Fault fault{place, "unknown table '" + name + "'"};
  fault.expected = known.empty()        ? "a CREATE TABLE before"
                   : known.size() <= 20 ? "one of " + joined(known, ", ")
                                        : "";
  fault.near_name = nearest_of(name, known);
  return fault;
}

}  // namespace penstock::sql
