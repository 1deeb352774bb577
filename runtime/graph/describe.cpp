#include "runtime/graph/describe.h"

#include "runtime/base/overloaded.h"
#include "runtime/base/units.h"

namespace penstock {
namespace {

std::string duration_text(Millis millis) {
  const std::string text =
      format_duration(std::chrono::milliseconds(millis < 0 ? -millis : millis));
  return millis < 0 ? "-" + text : text;
}

std::string call_list(const std::vector<AggregateCall>& calls, const Schema& input) {
  std::string text;
  for (const AggregateCall& call : calls)
    text += (text.empty() ? "" : ", ") + describe_call(call, input);
  return text.empty() ? "no aggregates" : text;
}

std::string keys_text(const std::vector<std::size_t>& keys, const Schema& input) {
  return keys.empty() ? "all rows together" : "by " + describe_columns(keys, input);
}

std::string source_text(const SourceSpec& source, const Schema& output) {
  std::string text = "read " + source.table + " (" + source.connector + "): ";
  for (std::size_t i = 0; i < source.columns.size(); ++i) {
    const Field& field = source.declared.fields[source.columns[i]];
    text += (i == 0 ? "" : ", ") + field.name;
    if (i >= source.nested.size() || source.nested[i].empty()) continue;
    text += "{";
    for (const std::size_t child : source.nested[i])
      text += (child == source.nested[i].front() ? "" : ", ") + (*field.type.fields)[child].name;
    text += "}";
  }
  if (source.columns.empty()) text += "no columns";
  if (source.watermark) text += "; watermark " + describe_expression(*source.watermark, output);
  return text;
}

std::string calc_text(const CalcSpec& calc, const Schema& input, const Schema& output) {
  std::string text;
  for (std::size_t i = 0; i < calc.projections.size(); ++i) {
    const std::string value = describe_expression(calc.projections[i], input);
    text += i == 0 ? "" : ", ";
    text += value == output.fields[i].name ? value : output.fields[i].name + " = " + value;
  }
  if (text.empty()) text = "no columns";
  return calc.filter ? text + " where " + describe_expression(*calc.filter, input) : text;
}

std::string join_text(const JoinSpec& join, const Schema& left, const Schema& right) {
  std::string text = "join on ";
  for (std::size_t i = 0; i < join.left_keys.size(); ++i)
    text += (i == 0 ? "" : ", ") + left.fields[join.left_keys[i]].name + " = " +
            right.fields[join.right_keys[i]].name;
  Schema both = left;
  both.fields.insert(both.fields.end(), right.fields.begin(), right.fields.end());
  if (join.condition) text += " and " + describe_expression(*join.condition, both);
  if (join.window_end)
    text += "; within the window that ends at " + left.fields[join.window_end->left].name;
  return text;
}

}  // namespace

std::string_view function_name(AggregateFunction function) {
  switch (function) {
    case AggregateFunction::kCount:
      return "COUNT";
    case AggregateFunction::kSum:
      return "SUM";
    case AggregateFunction::kAvg:
      return "AVG";
    case AggregateFunction::kMin:
      return "MIN";
    case AggregateFunction::kMax:
      return "MAX";
  }
  return "";
}

std::string_view kind_name(const OperatorSpec& spec) {
  return std::visit(
      Overloaded{[](const SourceSpec&) { return "source"; }, [](const CalcSpec&) { return "calc"; },
                 [](const GroupAggregateSpec&) { return "group-aggregate"; },
                 [](const WindowAggregateSpec&) { return "window-aggregate"; },
                 [](const WindowAssignSpec&) { return "window-assign"; },
                 [](const AttachedWindowAggregateSpec&) { return "attached-window-aggregate"; },
                 [](const JoinSpec&) { return "join"; }, [](const UnionSpec&) { return "union"; },
                 [](const SinkSpec&) { return "sink"; }},
      spec);
}

std::string describe_types(const std::vector<Type>& types) {
  std::string text = "(";
  for (std::size_t i = 0; i < types.size(); ++i)
    text += (i == 0 ? "" : ", ") + types[i].to_string();
  return text + ")";
}

std::string describe_window(const WindowSpec& window) {
  std::string text = window.kind == WindowSpec::Kind::kTumble ? "TUMBLE(" : "HOP(";
  text += "size " + duration_text(window.size);
  if (window.kind == WindowSpec::Kind::kHop) text += ", slide " + duration_text(window.slide);
  if (window.offset != 0) text += ", offset " + duration_text(window.offset);
  return text + ")";
}

std::string describe_columns(const std::vector<std::size_t>& columns, const Schema& schema) {
  std::string text;
  for (std::size_t i = 0; i < columns.size(); ++i)
    text += (i == 0 ? "" : ", ") + schema.fields[columns[i]].name;
  return text;
}

std::string describe_expression(const Expr& expr, const Schema& schema) {
  const std::string text = expr.to_string();
  std::string result;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\'') quoted = !quoted;
    std::size_t end = i + 1;
    std::size_t column = 0;
    while (text[i] == '$' && !quoted && end < text.size() && text[end] >= '0' && text[end] <= '9')
      column = column * 10 + static_cast<std::size_t>(text[end++] - '0');
    if (end == i + 1 || column >= schema.size()) {
      result += text[i];
      continue;
    }
    result += schema.fields[column].name;
    i = end - 1;
  }
  return result;
}

std::string describe_call(const AggregateCall& call, const Schema& input) {
  std::string text(function_name(call.function));
  text += call.distinct ? "(DISTINCT " : "(";
  text += (call.argument ? input.fields[*call.argument].name : "*") + ")";
  if (call.filter) text += " FILTER (WHERE " + input.fields[*call.filter].name + ")";
  return text;
}

std::string describe_spec(const StreamGraph& graph, OperatorId id) {
  const OperatorNode& node = graph.at(id);
  const auto input = [&](std::size_t i) -> const Schema& {
    return graph.at(node.inputs[i].from).output;
  };
  const auto time = [&](const WindowSpec& window) {
    return describe_window(window) + " over " +
           (window.processing_time ? "processing time" : input(0).fields[window.time_column].name);
  };
  return std::visit(
      Overloaded{[&](const SourceSpec& s) { return source_text(s, node.output); },
                 [&](const CalcSpec& s) { return calc_text(s, input(0), node.output); },
                 [&](const GroupAggregateSpec& s) {
                   return call_list(s.aggregates, input(0)) + " " + keys_text(s.keys, input(0));
                 },
                 [&](const WindowAggregateSpec& s) {
                   return call_list(s.aggregates, input(0)) + " " + keys_text(s.keys, input(0)) +
                          ", " + time(s.window);
                 },
                 [&](const WindowAssignSpec& s) { return time(s.window); },
                 [&](const AttachedWindowAggregateSpec& s) {
                   return call_list(s.aggregates, input(0)) + " " + keys_text(s.keys, input(0)) +
                          ", window ends at " + input(0).fields[s.window_end_column].name;
                 },
                 [&](const JoinSpec& s) { return join_text(s, input(0), input(1)); },
                 [](const UnionSpec&) { return std::string("all rows of all inputs"); },
                 [](const SinkSpec& s) { return "write " + s.table + " (" + s.connector + ")"; }},
      node.spec);
}

}  // namespace penstock
