#include <algorithm>

#include "runtime/base/units.h"
#include "runtime/graph/describe.h"
#include "runtime/graph/graph.h"

namespace penstock {
namespace {

bool same_kinds(const std::vector<Type>& a, const std::vector<Type>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Type& x, const Type& y) { return x.same_kind(y); });
}

std::optional<OperatorId> find_operator(const StreamGraph& graph, const std::string& name) {
  for (std::uint32_t i = 0; i < graph.operators.size(); ++i)
    if (graph.operators[i].name == name) return OperatorId{i};
  return std::nullopt;
}

const std::vector<AggregateCall>* aggregates_of(const OperatorSpec& spec) {
  if (const auto* group = std::get_if<GroupAggregateSpec>(&spec)) return &group->aggregates;
  if (const auto* window = std::get_if<WindowAggregateSpec>(&spec)) return &window->aggregates;
  if (const auto* attached = std::get_if<AttachedWindowAggregateSpec>(&spec))
    return &attached->aggregates;
  return nullptr;
}

// "COUNT, SUM(DISTINCT)": what the stored numbers mean; columns are left out, their positions may
// change.
std::string meaning_of(const OperatorSpec& spec) {
  std::string text;
  const auto* calls = aggregates_of(spec);
  if (calls == nullptr) return text;
  for (const AggregateCall& call : *calls) {
    if (!text.empty()) text += ", ";
    text += function_name(call.function);
    if (call.distinct) text += "(DISTINCT)";
  }
  return text;
}

std::string window_of(const OperatorSpec& spec) {
  const auto* window = std::get_if<WindowAggregateSpec>(&spec);
  if (window == nullptr) return "none";
  return describe_window(window->window) +
         (window->window.processing_time ? " of processing time" : "");
}

void compare_shape(const StateShape& old, const std::vector<StateShape>& next,
                   std::vector<std::string>& out) {
  const auto same = std::find_if(next.begin(), next.end(), [&old](const StateShape& shape) {
    return shape.state_name == old.state_name;
  });
  const std::string place = "operator " + old.operator_name + ", state " + old.state_name + ": ";
  if (same == next.end()) {
    out.push_back(place + "gone");
    return;
  }
  if (!same_kinds(old.key, same->key))
    out.push_back(place + "key was " + describe_types(old.key) + ", is " +
                  describe_types(same->key));
  if (!same_kinds(old.value, same->value))
    out.push_back(place + "value was " + describe_types(old.value) + ", is " +
                  describe_types(same->value));
}

void compare_operator(const StreamGraph& before, OperatorId old, const StreamGraph& after,
                      OperatorId next, std::vector<std::string>& out) {
  const OperatorNode& was = before.at(old);
  const OperatorNode& is = after.at(next);
  const std::string place = "operator " + was.name + ": ";
  if (was.spec.index() != is.spec.index()) {
    out.push_back(place + "was a " + std::string(kind_name(was.spec)) + ", is a " +
                  std::string(kind_name(is.spec)));
    return;
  }
  if (window_of(was.spec) != window_of(is.spec))
    out.push_back(place + "window was " + window_of(was.spec) + ", is " + window_of(is.spec));
  const std::size_t found = out.size();
  const std::vector<StateShape> shapes = state_shapes(after, next);
  for (const StateShape& shape : state_shapes(before, old)) compare_shape(shape, shapes, out);
  // Shapes that fit may still mean something else: MIN and MAX of a column look alike.
  if (out.size() == found && meaning_of(was.spec) != meaning_of(is.spec))
    out.push_back(place + "aggregates were " + meaning_of(was.spec) + ", are " +
                  meaning_of(is.spec));
}

}  // namespace

std::vector<std::string> state_misfits(const StreamGraph& before, const StreamGraph& after) {
  std::vector<std::string> misfits;
  for (std::uint32_t i = 0; i < before.operators.size(); ++i) {
    if (state_shapes(before, {i}).empty()) continue;
    const std::string& name = before.operators[i].name;
    if (const auto next = find_operator(after, name))
      compare_operator(before, {i}, after, *next, misfits);
    else
      misfits.push_back("operator " + name + ": gone");
  }
  return misfits;
}

}  // namespace penstock
