#include "runtime/base/overloaded.h"
#include "runtime/exec/operator.h"
#include "runtime/exec/operators/calc.h"
#include "runtime/exec/operators/group_aggregate.h"
#include "runtime/exec/operators/join.h"
#include "runtime/exec/operators/union_all.h"
#include "runtime/exec/operators/window_aggregate.h"
#include "runtime/exec/operators/window_assign.h"

namespace penstock {

Result<std::unique_ptr<Operator>> make_operator(const OperatorContext& context) {
  using Made = Result<std::unique_ptr<Operator>>;
  const OperatorNode& node = context.graph.at(context.id);
  const auto not_here = [&] {
    return Made(Error{Code::kInternal, "a source or sink is no operator of a chain: " + node.name});
  };
  Made made = std::visit(
      Overloaded{
          [&](const SourceSpec&) { return not_here(); },
          [&](const SinkSpec&) { return not_here(); },
          [&](const CalcSpec& spec) { return Calc::make(context, spec); },
          [&](const GroupAggregateSpec& spec) { return GroupAggregate::make(context, spec); },
          [&](const WindowAggregateSpec& spec) { return WindowAggregate::make(context, spec); },
          [&](const AttachedWindowAggregateSpec& spec) {
            return WindowAggregate::make(context, spec);
          },
          [&](const WindowAssignSpec& spec) { return WindowAssign::make(context, spec); },
          [&](const JoinSpec& spec) { return Join::make(context, spec); },
          [&](const UnionSpec&) { return Made(std::make_unique<UnionAll>(node.output)); }},
      node.spec);
  if (!made) return made.error().within(node.name);
  return made;
}

}  // namespace penstock
