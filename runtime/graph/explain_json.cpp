#include <nlohmann/json.hpp>

#include "runtime/graph/describe.h"
#include "runtime/graph/graph.h"

namespace penstock {
namespace {

using Json = nlohmann::ordered_json;

Json types_json(const std::vector<Type>& types) {
  Json list = Json::array();
  for (const Type& type : types) list.push_back(type.to_string());
  return list;
}

Json operator_json(const StreamGraph& graph, OperatorId id, const ChainPlan& chains) {
  const OperatorNode& node = graph.at(id);
  Json json{{"id", id.value},
            {"name", node.name},
            {"kind", kind_name(node.spec)},
            {"chain", chains.chain_of[id.value].value},
            {"does", describe_spec(graph, id)}};
  Json inputs = Json::array();
  for (const Input& input : node.inputs) {
    Json one{{"from", graph.at(input.from).name}, {"keyed", input.keyed}};
    if (input.keyed) {
      one["keys"] = Json::array();
      for (const std::size_t key : input.keys)
        one["keys"].push_back(graph.at(input.from).output.fields[key].name);
    }
    inputs.push_back(std::move(one));
  }
  json["inputs"] = std::move(inputs);
  Json columns = Json::array();
  for (const Field& field : node.output.fields)
    columns.push_back({{"name", field.name}, {"type", field.type.to_string()}});
  json["columns"] = std::move(columns);
  Json states = Json::array();
  for (const StateShape& shape : state_shapes(graph, id))
    states.push_back({{"name", shape.state_name},
                      {"key", types_json(shape.key)},
                      {"value", types_json(shape.value)},
                      {"bag", shape.bag}});
  json["state"] = std::move(states);
  json["changelog"] = node.changelog;
  if (node.pinned) json["parallelism"] = node.pinned->value;
  return json;
}

}  // namespace

std::string explain_json(const StreamGraph& graph) {
  const ChainPlan chains = plan_chains(graph);
  Json json{{"name", graph.name}, {"operators", Json::array()}};
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i)
    json["operators"].push_back(operator_json(graph, {i}, chains));
  json["settings"] = graph.settings;
  json["warnings"] = graph.warnings;
  // Text from users may hold any bytes: replace what is no UTF-8 rather than throw.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace penstock
