#include <set>

#include "runtime/expr/evaluate.h"
#include "runtime/sql/bind_expression.h"
#include "runtime/sql/compile.h"
#include "runtime/sql/options.h"

namespace penstock::sql {
namespace {

// Calls `visit` with every expression of a plan that may hold a variable.
template <typename Graph, typename Visit>
void each_expression(Graph& graph, const Visit& visit) {
  for (auto& node : graph.operators) {
    if (auto* source = std::get_if<SourceSpec>(&node.spec)) {
      if (source->watermark) visit(*source->watermark);
    } else if (auto* calc = std::get_if<CalcSpec>(&node.spec)) {
      if (calc->filter) visit(*calc->filter);
      for (auto& projection : calc->projections) visit(projection);
    } else if (auto* join = std::get_if<JoinSpec>(&node.spec)) {
      if (join->condition) visit(*join->condition);
    }
  }
}

// The options of a source or sink.
template <typename Node>
auto* options_of(Node& node) {
  if (auto* source = std::get_if<SourceSpec>(&node.spec)) return &source->options;
  auto* sink = std::get_if<SinkSpec>(&node.spec);
  return sink != nullptr ? &sink->options : nullptr;
}

// Splits "a${B}c" and gives text and names in turn; names were checked at compile time.
template <typename Text, typename Name>
void split(std::string_view text, const Text& on_text, const Name& on_name) {
  while (true) {
    const std::size_t begin = text.find("${");
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) break;
    on_text(text.substr(0, begin));
    on_name(std::string(text.substr(begin + 2, end - begin - 2)));
    text.remove_prefix(end + 1);
  }
  on_text(text);
}

void collect(std::string_view text, std::set<std::string>& names) {
  split(
      text, [](std::string_view) {}, [&names](std::string name) { names.insert(std::move(name)); });
}

void collect(const Expr& expr, std::set<std::string>& names) {
  if (expr.kind == Expr::Kind::kVariable) collect(expr.function, names);
  for (const Expr& argument : expr.arguments) collect(argument, names);
}

std::string resolved(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string result;
  split(
      text, [&result](std::string_view part) { result += part; },
      [&](const std::string& name) { result += values.at(name); });
  return result;
}

// A cast of a variable is done here: at run time its error would show the value.
Status resolve(Expr& expr, const std::map<std::string, std::string>& values) {
  if (expr.kind == Expr::Kind::kCast && expr.arguments[0].kind == Expr::Kind::kVariable) {
    const std::string text = expr.arguments[0].function;
    TRY(resolve(expr.arguments[0], values));
    Result<Value> value = evaluate_constant(expr);
    if (!value)
      return Error{Code::kInvalid, "the value of '" + text + "' cannot be read as " +
                                       expr.type.as_nullable().to_string()};
    expr = Expr::of_literal(std::move(value).value(), expr.type);
    return ok();
  }
  if (expr.kind == Expr::Kind::kVariable)
    expr = Expr::of_literal({.is = resolved(expr.function, values)}, expr.type);
  for (Expr& argument : expr.arguments) TRY(resolve(argument, values));
  return ok();
}

}  // namespace

std::vector<std::string> variables_of(const StreamGraph& graph) {
  std::set<std::string> names;
  each_expression(graph, [&names](const Expr& expr) { collect(expr, names); });
  for (const OperatorNode& node : graph.operators)
    if (const Options* options = options_of(node))
      for (const auto& [key, value] : *options) collect(value, names);
  for (const auto& [key, value] : graph.settings) collect(value, names);
  return {names.begin(), names.end()};
}

Status resolve_variables(StreamGraph& graph, const std::map<std::string, std::string>& values) {
  for (const std::string& name : variables_of(graph))
    if (!values.contains(name))
      return Error{Code::kInvalid, "variable ${" + name +
                                       "} has no value; give it one under spec.variables or in the "
                                       "environment, or write the text itself"};
  StreamGraph result = graph;
  Status status = ok();
  each_expression(result, [&](Expr& expr) {
    if (status) status = resolve(expr, values);
  });
  TRY(status);
  for (OperatorNode& node : result.operators) {
    Options* options = options_of(node);
    if (options == nullptr) continue;
    bool any = false;
    for (auto& [key, value] : *options) {
      if (!has_variable(value)) continue;
      value = resolved(value, values);
      any = true;
    }
    if (!any) continue;
    const auto* source = std::get_if<SourceSpec>(&node.spec);
    const auto* sink = std::get_if<SinkSpec>(&node.spec);
    TRY(check_resolved_options(source != nullptr ? source->table : sink->table,
                               source != nullptr ? source->connector : sink->connector, *options));
  }
  for (auto& [key, value] : result.settings) value = resolved(value, values);
  result.name = resolved(result.name, values);
  graph = std::move(result);
  return ok();
}

}  // namespace penstock::sql
