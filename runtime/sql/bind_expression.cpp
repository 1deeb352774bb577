#include "runtime/sql/bind_expression.h"

#include <algorithm>
#include <optional>

#include "runtime/expr/functions.h"
#include "runtime/sql/literal.h"
#include "runtime/sql/rewrite.h"
#include "runtime/sql/token.h"

namespace penstock::sql {
namespace {

using Kind = ExprNode::Kind;

std::optional<AggregateFunction> aggregate_named(const std::string& name) {
  if (name == "COUNT") return AggregateFunction::kCount;
  if (name == "SUM") return AggregateFunction::kSum;
  if (name == "AVG") return AggregateFunction::kAvg;
  if (name == "MIN") return AggregateFunction::kMin;
  if (name == "MAX") return AggregateFunction::kMax;
  return std::nullopt;
}

// Functions of Flink that look like ordinary ones but aggregate.
bool is_other_aggregate(const std::string& name) {
  for (const char* other :
       {"STDDEV_POP", "STDDEV_SAMP", "STDDEV", "VAR_POP", "VAR_SAMP", "VARIANCE", "COLLECT",
        "LISTAGG", "FIRST_VALUE", "LAST_VALUE", "ARRAY_AGG", "RANK", "DENSE_RANK", "ROW_NUMBER",
        "LAG", "LEAD", "NTILE", "JSON_OBJECTAGG", "JSON_ARRAYAGG"})
    if (name == other) return true;
  return false;
}

// Some constructs repeat an operand (NULLIF, a simple CASE, BETWEEN); within each other they would
// explode.
constexpr std::size_t kLargestExpression = 20'000;

std::size_t size_of(const Expr& expr) {
  std::size_t size = 1;
  for (const Expr& argument : expr.arguments) size += size_of(argument);
  return size;
}

Done check_size(Place place, const std::vector<Expr>& parts, std::size_t copies) {
  std::size_t size = 0;
  for (const Expr& part : parts) size += size_of(part);
  if (size * copies <= kLargestExpression) return done();
  return Fault{place,
               "an expression of more than " + std::to_string(kLargestExpression) + " parts"};
}

class Binder {
 public:
  Binder(const Scope& scope, std::vector<BoundAggregate>* aggregates)
      : scope_(scope), aggregates_(aggregates) {}

  Parsed<Expr> bind(const ExprNode& node) {
    switch (node.kind) {
      case Kind::kName:
        return name(node);
      case Kind::kStar:
        return Fault{node.place, "'*' stands here alone", "COUNT(*)"};
      case Kind::kNumber:
        return number_literal(node);
      case Kind::kText:
        return text_literal(node);
      case Kind::kNull:
        return Expr::of_literal({}, Type::of(TypeKind::kNull));
      case Kind::kTrue:
      case Kind::kFalse:
        return Expr::of_literal({.is = node.kind == Kind::kTrue},
                                Type::of(TypeKind::kBoolean).not_null());
      case Kind::kTyped:
        return typed_literal(node);
      case Kind::kInterval:
        return interval_literal(node);
      case Kind::kField: {
        TRY_ASSIGN(Expr row, bind(node.arguments[0]));
        return resolve_field(node.place, std::move(row), node.name[0]);
      }
      case Kind::kCall:
        return call(node);
      case Kind::kCast:
      case Kind::kTryCast:
        return cast(node);
      case Kind::kCase:
        return case_of(node);
      case Kind::kAnd:
      case Kind::kOr:
        return logical(node);
      case Kind::kIn:
        return resolved(node, "IN");
      case Kind::kBetween:
        return between(node);
    }
    return Fault{node.place, "unexpected expression"};
  }

  Parsed<Expr> condition(const ExprNode& node, const std::string& what) {
    TRY_ASSIGN(Expr expr, bind(node));
    if (expr.type.kind == TypeKind::kNull)
      return coerce(std::move(expr), Type::of(TypeKind::kBoolean));
    if (expr.type.kind != TypeKind::kBoolean)
      return Fault{node.place,
                   what + " needs a BOOLEAN, this is " + expr.type.as_nullable().to_string()};
    return expr;
  }

 private:
  Parsed<std::vector<Expr>> arguments(const ExprNode& node) {
    std::vector<Expr> bound;
    for (const ExprNode& argument : node.arguments) {
      TRY_ASSIGN(Expr expr, bind(argument));
      bound.push_back(std::move(expr));
    }
    TRY(check_size(node.place, bound, 1));
    return bound;
  }

  Parsed<Expr> resolved(const ExprNode& node, const std::string& function) {
    TRY_ASSIGN(std::vector<Expr> bound, arguments(node));
    return at(node.place, resolve_call(function, std::move(bound)));
  }

  // A column, or CURRENT_TIMESTAMP and its kind, which are called without parentheses.
  Parsed<Expr> name(const ExprNode& node) {
    Parsed<Expr> column = resolve_name(scope_, node.place, node.name);
    if (column || node.quoted || node.name.size() > 1) return column;
    const std::string function = upper(node.name[0]);
    for (const char* plain : {"CURRENT_TIMESTAMP", "CURRENT_DATE", "LOCALTIMESTAMP"})
      if (function == plain) return at(node.place, resolve_call(function, {}));
    for (const char* other : {"CURRENT_TIME", "LOCALTIME"})
      if (function == other) return not_implemented(node.place, other);
    return column;
  }

  Parsed<Expr> call(const ExprNode& node) {
    if (const auto function = aggregate_named(node.text)) return aggregate(node, *function);
    if (is_other_aggregate(node.text)) return not_implemented(node.place, "function " + node.text);
    if (node.filter)
      return Fault{node.place, "FILTER belongs to an aggregate, " + node.text + " is none"};
    if (node.distinct)
      return Fault{node.place, "DISTINCT belongs to an aggregate, " + node.text + " is none"};
    const auto star = std::ranges::find(node.arguments, Kind::kStar, &ExprNode::kind);
    if (star != node.arguments.end()) {
      const std::string_view count[] = {"COUNT"};
      return Fault{star->place, "'*' is an argument of COUNT only, not of " + node.text, "COUNT(*)",
                   std::string(nearest_name(node.text, count))};
    }
    TRY_ASSIGN(std::vector<Expr> bound, arguments(node));
    Result<Expr> expr = resolve_call(node.text, std::move(bound));
    if (expr) return std::move(expr).value();
    Fault fault{node.place, expr.error().message};
    if (expr.error().code == Code::kNotFound &&
        fault.message.find("did you mean") == std::string::npos) {
      const std::string_view known[] = {"COUNT", "SUM", "AVG", "MIN", "MAX"};
      fault.near_name = std::string(nearest_name(node.text, known));
    }
    return fault;
  }

  Parsed<Expr> aggregate(const ExprNode& node, AggregateFunction function) {
    if (aggregates_ == nullptr)
      return Fault{node.place, "aggregate " + node.text + " cannot stand here", "SELECT or HAVING"};
    BoundAggregate one{
        .function = function, .argument = {}, .distinct = node.distinct, .filter = {}, .type = {}};
    const bool star = node.arguments.size() == 1 && node.arguments[0].kind == Kind::kStar;
    if (node.arguments.size() != 1 ||
        (star && (function != AggregateFunction::kCount || node.distinct)))
      return Fault{node.place, node.text + " takes one argument",
                   node.text == "COUNT" ? "COUNT(*) or COUNT(x)" : ""};
    std::vector<Type> types;
    Binder inner(scope_, nullptr);
    if (!star) {
      TRY_ASSIGN(one.argument, inner.bind(node.arguments[0]));
      types.push_back(one.argument->type);
      if (one.argument->type.kind == TypeKind::kRow)
        return not_implemented(node.place, node.text + " of a ROW");
      if (one.argument->type.kind == TypeKind::kNull)
        return Fault{node.place, node.text + " of NULL has no type", "CAST(NULL AS ...)"};
    }
    if (node.filter) {
      TRY_ASSIGN(one.filter, inner.condition(*node.filter, "FILTER"));
    }
    TRY_ASSIGN(one.type, at(node.place, aggregate_type(node.text, types)));
    return registered(std::move(one));
  }

  Expr registered(BoundAggregate one) {
    if (one.function == AggregateFunction::kMin || one.function == AggregateFunction::kMax)
      one.distinct = false;
    // What is never NULL need not be looked at.
    if (one.function == AggregateFunction::kCount && one.argument && !one.argument->type.nullable &&
        !one.distinct)
      one.argument.reset();
    auto known = std::find(aggregates_->begin(), aggregates_->end(), one);
    if (known == aggregates_->end()) known = aggregates_->insert(known, std::move(one));
    const auto number = static_cast<std::size_t>(known - aggregates_->begin());
    return Expr::of_column(scope_.columns.size() + number, known->type);
  }

  Parsed<Expr> cast(const ExprNode& node) {
    TRY_ASSIGN(Expr value, bind(node.arguments[0]));
    if (!can_cast(value.type, node.type))
      return Fault{node.place, "cannot cast " + value.type.as_nullable().to_string() + " to " +
                                   node.type.to_string()};
    if (node.kind == Kind::kCast) return coerce(std::move(value), node.type);
    Expr expr = Expr::cast(std::move(value), node.type);
    expr.kind = Expr::Kind::kTryCast;
    expr.type.nullable = true;
    return expr;
  }

  Parsed<Expr> case_of(const ExprNode& node) {
    Expr expr{.kind = Expr::Kind::kCase};
    std::vector<Type> types;
    const std::size_t first = node.simple ? 1 : 0;
    std::vector<Expr> value;
    if (node.simple) {
      TRY_ASSIGN(Expr bound, bind(node.arguments[0]));
      value.push_back(std::move(bound));
      TRY(check_size(node.place, value, node.arguments.size() / 2));
    }
    for (std::size_t i = first; i < node.arguments.size(); ++i) {
      const bool last = i + 1 == node.arguments.size();
      if ((i - first) % 2 == 0 && !last) {
        TRY_ASSIGN(Expr when, when_of(node.arguments[i], value));
        expr.arguments.push_back(std::move(when));
      } else {
        TRY_ASSIGN(Expr then, bind(node.arguments[i]));
        types.push_back(then.type);
        expr.arguments.push_back(std::move(then));
      }
    }
    TRY_ASSIGN(expr.type, at(node.place, common_type(types)));
    expr.type.nullable = false;
    for (std::size_t i = 0; i < expr.arguments.size(); ++i) {
      if (i % 2 == 0 && i + 1 < expr.arguments.size()) continue;
      expr.arguments[i] = coerce(std::move(expr.arguments[i]), expr.type.as_nullable());
      if (expr.arguments[i].type.nullable) expr.type.nullable = true;
    }
    return expr;
  }

  Parsed<Expr> when_of(const ExprNode& node, std::vector<Expr> value) {
    if (value.empty()) return condition(node, "WHEN");
    TRY_ASSIGN(Expr when, bind(node));
    value.push_back(std::move(when));
    return at(node.place, resolve_call("=", std::move(value)));
  }

  Parsed<Expr> logical(const ExprNode& node) {
    std::vector<Expr> bound;
    bool nullable = false;
    for (const ExprNode& argument : node.arguments) {
      TRY_ASSIGN(Expr expr, condition(argument, node.kind == Kind::kAnd ? "AND" : "OR"));
      nullable = nullable || expr.type.nullable;
      bound.push_back(std::move(expr));
    }
    if (node.kind == Kind::kAnd) return *conjunction(std::move(bound));
    Expr expr{.kind = Expr::Kind::kOr, .type = Type::of(TypeKind::kBoolean)};
    expr.type.nullable = nullable;
    expr.arguments = std::move(bound);
    return expr;
  }

  Parsed<Expr> between(const ExprNode& node) {
    TRY_ASSIGN(std::vector<Expr> bound, arguments(node));
    TRY(check_size(node.place, bound, 2));
    TRY_ASSIGN(Expr low, at(node.place, resolve_call(">=", {bound[0], bound[1]})));
    TRY_ASSIGN(Expr high, at(node.place, resolve_call("<=", {bound[0], bound[2]})));
    return *conjunction({std::move(low), std::move(high)});
  }

  const Scope& scope_;
  std::vector<BoundAggregate>* aggregates_;
};

}  // namespace

Parsed<Expr> bind(const ExprNode& node, const Scope& scope,
                  std::vector<BoundAggregate>* aggregates) {
  return Binder(scope, aggregates).bind(node);
}

Parsed<Expr> bind_condition(const ExprNode& node, const Scope& scope, const char* what,
                            std::vector<BoundAggregate>* aggregates) {
  return Binder(scope, aggregates).condition(node, what);
}

bool holds_aggregate(const ExprNode& node) {
  if (node.kind == Kind::kCall && aggregate_named(node.text)) return true;
  return std::any_of(node.arguments.begin(), node.arguments.end(), holds_aggregate);
}

std::string name_for(const ExprNode& node, std::size_t position) {
  if (node.kind == Kind::kName || node.kind == Kind::kField) return node.name.back();
  return "EXPR$" + std::to_string(position);
}

}  // namespace penstock::sql
