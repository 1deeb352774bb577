#include "runtime/graph/graph.h"

namespace penstock {
namespace {

Type count_type() { return Type::of(TypeKind::kBigint); }

Type stored(const Schema& input, std::size_t column) {
  return input.fields[column].type.as_nullable();
}

Type average_sum(const Type& argument) {
  switch (argument.kind) {
    case TypeKind::kDouble:
      return Type::of(TypeKind::kDouble);
    case TypeKind::kDecimal:
      return Type::decimal(38, argument.scale);
    default:
      return Type::of(TypeKind::kBigint);
  }
}

bool is_extreme(AggregateFunction function) {
  return function == AggregateFunction::kMin || function == AggregateFunction::kMax;
}

std::vector<StateShape> aggregate_shapes(const std::string& name, const Schema& input,
                                         bool changelog, const std::vector<std::size_t>& keys,
                                         const std::vector<AggregateCall>& calls) {
  StateShape groups{
      .operator_name = name, .state_name = "groups", .key = {}, .value = {count_type()}};
  for (const std::size_t key : keys) groups.key.push_back(stored(input, key));
  std::vector<StateShape> shapes;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (const Type& type : accumulator_types(calls[i], input)) groups.value.push_back(type);
    const bool values = changelog && is_extreme(calls[i].function);
    if (!calls[i].argument || !(values || calls[i].distinct)) continue;
    StateShape counted{.operator_name = name,
                       .state_name = (values ? "values-" : "distinct-") + std::to_string(i),
                       .key = groups.key,
                       .value = {count_type()}};
    counted.key.push_back(stored(input, *calls[i].argument));
    shapes.push_back(std::move(counted));
  }
  shapes.insert(shapes.begin(), std::move(groups));
  return shapes;
}

StateShape join_side(const std::string& name, const char* side, const Schema& input,
                     const std::vector<std::size_t>& keys) {
  StateShape shape{.operator_name = name, .state_name = side, .key = {}, .value = {}, .bag = true};
  for (const std::size_t key : keys) shape.key.push_back(stored(input, key));
  for (std::size_t i = 0; i < input.size(); ++i) shape.value.push_back(stored(input, i));
  return shape;
}

}  // namespace

std::vector<Type> accumulator_types(const AggregateCall& call, const Schema& input) {
  switch (call.function) {
    case AggregateFunction::kCount:
      return {count_type()};
    case AggregateFunction::kSum:
      return {call.type.as_nullable(), count_type()};
    case AggregateFunction::kAvg:
      return {average_sum(input.fields[*call.argument].type), count_type()};
    case AggregateFunction::kMin:
    case AggregateFunction::kMax:
      return {stored(input, *call.argument)};
  }
  return {};
}

bool has_changelog_input(const StreamGraph& graph, OperatorId id) {
  for (const Input& input : graph.at(id).inputs)
    if (graph.at(input.from).changelog) return true;
  return false;
}

std::vector<StateShape> state_shapes(const StreamGraph& graph, OperatorId id) {
  const OperatorNode& node = graph.at(id);
  if (const auto* join = std::get_if<JoinSpec>(&node.spec))
    return {join_side(node.name, "left", graph.at(node.inputs[0].from).output, join->left_keys),
            join_side(node.name, "right", graph.at(node.inputs[1].from).output, join->right_keys)};
  const auto aggregate = [&](const auto& spec) {
    return aggregate_shapes(node.name, graph.at(node.inputs[0].from).output,
                            has_changelog_input(graph, id), spec.keys, spec.aggregates);
  };
  if (const auto* spec = std::get_if<GroupAggregateSpec>(&node.spec)) return aggregate(*spec);
  if (const auto* spec = std::get_if<WindowAggregateSpec>(&node.spec)) return aggregate(*spec);
  if (const auto* spec = std::get_if<AttachedWindowAggregateSpec>(&node.spec))
    return aggregate(*spec);
  return {};
}

}  // namespace penstock
