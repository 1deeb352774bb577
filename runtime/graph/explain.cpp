#include <algorithm>

#include "runtime/graph/describe.h"
#include "runtime/graph/graph.h"

namespace penstock {
namespace {

std::string inputs_text(const StreamGraph& graph, const OperatorNode& node) {
  std::string text;
  for (const Input& input : node.inputs) {
    const OperatorNode& from = graph.at(input.from);
    text += (text.empty() ? " <- " : ", ") + from.name;
    if (!input.keyed) continue;
    text += input.keys.empty() ? " [all to one subtask]"
                               : " [by " + describe_columns(input.keys, from.output) + "]";
  }
  return text;
}

std::string operator_text(const StreamGraph& graph, OperatorId id, std::size_t name_width) {
  const OperatorNode& node = graph.at(id);
  std::string text = "  " + node.name + std::string(name_width - node.name.size(), ' ') + "  ";
  text += describe_spec(graph, id) + inputs_text(graph, node);
  if (node.pinned) text += "; parallelism " + std::to_string(node.pinned->value);
  for (const StateShape& shape : state_shapes(graph, id))
    text += "; state " + shape.state_name + " " + describe_types(shape.key) + " -> " +
            describe_types(shape.value) + (shape.bag ? "*" : "");
  if (node.changelog) text += "; changelog +I -U +U -D";
  return text + "\n";
}

}  // namespace

std::string explain_text(const StreamGraph& graph) {
  std::size_t name_width = 0;
  for (const OperatorNode& node : graph.operators)
    name_width = std::max(name_width, node.name.size());
  std::string text = graph.name.empty() ? "" : "job " + graph.name + "\n";
  const ChainPlan plan = plan_chains(graph);
  for (std::size_t chain = 0; chain < plan.chains.size(); ++chain) {
    text += "chain " + std::to_string(chain) + "\n";
    for (const OperatorId id : plan.chains[chain].operators)
      text += operator_text(graph, id, name_width);
  }
  for (const auto& [key, value] : graph.settings) text += "set " + key + " = " + value + "\n";
  for (const std::string& warning : graph.warnings) text += "warning: " + warning + "\n";
  return text;
}

}  // namespace penstock
