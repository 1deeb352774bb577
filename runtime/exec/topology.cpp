#include "runtime/exec/topology.h"

#include <algorithm>

namespace penstock {
namespace {

Topology::Part describe(const StreamGraph& graph, const Chain& chain) {
  Topology::Part part{.chain = chain};
  for (const OperatorId id : chain.operators) {
    if (!part.name.empty()) part.name += " -> ";
    part.name += graph.at(id).name;
  }
  const OperatorNode& head = graph.at(chain.operators.front());
  part.pinned = head.pinned;
  part.source = std::holds_alternative<SourceSpec>(head.spec);
  part.sink = std::holds_alternative<SinkSpec>(graph.at(chain.operators.back()).spec);
  part.keyed = std::ranges::any_of(head.inputs, &Input::keyed);
  return part;
}

}  // namespace

Topology make_topology(const StreamGraph& graph) {
  const ChainPlan plan = plan_chains(graph);
  Topology topology;
  for (const Chain& chain : plan.chains) topology.chains.push_back(describe(graph, chain));
  for (std::uint32_t to = 0; to < plan.chains.size(); ++to) {
    const OperatorNode& head = graph.at(plan.chains[to].operators.front());
    for (std::size_t i = 0; i < head.inputs.size(); ++i) {
      const Input& input = head.inputs[i];
      const ChainId from = plan.chain_of[input.from.value];
      const bool even = topology.chains[from.value].pinned == topology.chains[to].pinned;
      topology.edges.push_back({.from = from,
                                .to = {to},
                                .input = i,
                                .keyed = input.keyed,
                                .keys = input.keys,
                                .forward = !input.keyed && even});
    }
  }
  return topology;
}

}  // namespace penstock
