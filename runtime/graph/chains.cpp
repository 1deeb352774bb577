#include "runtime/graph/graph.h"

namespace penstock {
namespace {

std::vector<std::size_t> consumers(const StreamGraph& graph) {
  std::vector<std::size_t> count(graph.operators.size());
  for (const OperatorNode& node : graph.operators)
    for (const Input& input : node.inputs) ++count[input.from.value];
  return count;
}

bool fuses_with_input(const StreamGraph& graph, const OperatorNode& node,
                      const std::vector<std::size_t>& consumers_of) {
  if (node.inputs.size() != 1 || node.inputs[0].keyed) return false;
  if (node.pinned || std::holds_alternative<UnionSpec>(node.spec)) return false;
  const OperatorId from = node.inputs[0].from;
  return consumers_of[from.value] == 1 && !graph.at(from).pinned;
}

}  // namespace

// A chain's head comes after all operators that it reads from, so taking heads in the graph's order
// sorts the chains: an input from another chain comes from that chain's last operator only (inner
// ones have one consumer), and that chain's head is earlier.
ChainPlan plan_chains(const StreamGraph& graph) {
  const std::vector<std::size_t> consumers_of = consumers(graph);
  ChainPlan plan;
  plan.chain_of.resize(graph.operators.size());
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i) {
    const OperatorNode& node = graph.operators[i];
    if (fuses_with_input(graph, node, consumers_of)) {
      plan.chain_of[i] = plan.chain_of[node.inputs[0].from.value];
    } else {
      plan.chain_of[i] = {static_cast<std::uint32_t>(plan.chains.size())};
      plan.chains.emplace_back();
    }
    plan.chains[plan.chain_of[i].value].operators.push_back({i});
  }
  return plan;
}

}  // namespace penstock
