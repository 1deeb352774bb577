#include <algorithm>

#include "runtime/base/overloaded.h"
#include "runtime/sql/build.h"

namespace penstock::sql {
namespace {

using Names = std::vector<std::string>;

constexpr std::size_t kMostNames = 3;  // columns named before "more"

// Lower-case letters, digits and dashes only: names are keys of manifests, labels of metrics and
// parts of file names.
std::string plain(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z')
      result += static_cast<char>(c - 'A' + 'a');
    else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      result += c;
    else if (!result.empty() && result.back() != '-')
      result += '-';
  }
  while (result.ends_with('-')) result.pop_back();
  return result.empty() ? "x" : result;
}

std::string listed(const Names& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNames); ++i)
    text += "-" + plain(names[i]);
  return names.size() > kMostNames ? text + "-more" : text;
}

std::string by_keys(const char* what, const std::vector<std::size_t>& keys, const Names& input) {
  Names names;
  for (const std::size_t key : keys)
    if (!input[key].empty()) names.push_back(input[key]);
  return std::string(what) + (names.empty() ? "-all" : "-by" + listed(names));
}

std::string join_name(const JoinSpec& join, const Names& left, const Names& right) {
  Names names;
  for (std::size_t i = 0; i < join.left_keys.size(); ++i) {
    const std::string& a = left[join.left_keys[i]];
    const std::string& b = right[join.right_keys[i]];
    if (a.empty() || b.empty()) continue;
    names.push_back(a);
    if (a != b) names.push_back(b);
  }
  return (join.window_end ? "window-join" : "join") + listed(names);
}

std::string calc_name(const Schema& output) {
  Names names;
  for (const Field& field : output.fields) names.push_back(field.name);
  return "calc" + (names.empty() ? "-rows" : listed(names));
}

}  // namespace

std::string base_name(const OperatorSpec& spec, const std::vector<Names>& inputs,
                      const Schema& output) {
  return std::visit(
      Overloaded{[](const SourceSpec& s) { return "source-" + plain(s.table); },
                 [](const SinkSpec& s) { return "sink-" + plain(s.table); },
                 [&](const CalcSpec&) { return calc_name(output); },
                 [&](const GroupAggregateSpec& s) { return by_keys("group", s.keys, inputs[0]); },
                 [&](const WindowAggregateSpec& s) { return by_keys("window", s.keys, inputs[0]); },
                 [&](const WindowAssignSpec&) { return std::string("assign-windows"); },
                 [&](const AttachedWindowAggregateSpec& s) {
                   return by_keys("window-group", s.keys, inputs[0]);
                 },
                 [&](const JoinSpec& s) { return join_name(s, inputs[0], inputs[1]); },
                 [](const UnionSpec&) { return std::string("union"); }},
      spec);
}

}  // namespace penstock::sql
