#include "operator/apiserver/selectors.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Splits at commas outside of parentheses.
std::vector<std::string_view> terms_of(std::string_view text) {
  std::vector<std::string_view> terms;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      if (const auto term = trimmed(text.substr(begin, i - begin)); !term.empty())
        terms.push_back(term);
      begin = i + 1;
    }
  }
  return terms;
}

bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' ||
           c == '/';
  });
}

Failure unexpected(std::string_view found) {
  return bad_request("unable to parse requirement: found '" + std::string(found) +
                     "', expected: identifier");
}

Answer<LabelRequirement> set_requirement(std::string_view term, std::size_t paren) {
  const std::string_view head = trimmed(term.substr(0, paren));
  const std::size_t space = head.rfind(' ');
  if (space == std::string_view::npos || term.back() != ')') return unexpected("(");
  const std::string_view word = head.substr(space + 1);
  LabelRequirement requirement;
  requirement.key = std::string(trimmed(head.substr(0, space)));
  if (!is_name(requirement.key)) return unexpected(requirement.key);
  if (word != "in" && word != "notin") {
    return bad_request("unable to parse requirement: found '" + std::string(word) +
                       "', expected: in, notin, =, ==, !=, gt, lt");
  }
  requirement.op =
      word == "in" ? LabelRequirement::Operator::kIn : LabelRequirement::Operator::kNotIn;
  for (const auto value : terms_of(term.substr(paren + 1, term.size() - paren - 2))) {
    requirement.values.emplace_back(value);
  }
  return requirement;
}

Answer<LabelRequirement> label_requirement(std::string_view term) {
  using Operator = LabelRequirement::Operator;
  struct Sign {
    std::string_view text;
    Operator op;
  };
  for (const Sign sign :
       {Sign{"!=", Operator::kNotIn}, Sign{"==", Operator::kIn}, Sign{"=", Operator::kIn},
        Sign{">", Operator::kGreater}, Sign{"<", Operator::kLess}}) {
    const std::size_t at = term.find(sign.text);
    if (at == std::string_view::npos) continue;
    const std::string_view key = trimmed(term.substr(0, at));
    const std::string_view value = trimmed(term.substr(at + sign.text.size()));
    if (!is_name(key)) return unexpected(key);
    if (!value.empty() && !is_name(value)) return unexpected(value.substr(0, 1));
    return LabelRequirement{std::string(key), sign.op, {std::string(value)}};
  }
  if (const std::size_t paren = term.find('('); paren != std::string_view::npos) {
    return set_requirement(term, paren);
  }
  const bool negated = term.front() == '!';
  const std::string_view key = trimmed(negated ? term.substr(1) : term);
  if (!is_name(key)) return unexpected(key);
  return LabelRequirement{std::string(key), negated ? Operator::kNotExists : Operator::kExists, {}};
}

bool holds(const LabelRequirement& requirement, const Json* labels) {
  using Operator = LabelRequirement::Operator;
  const Json* found = nullptr;
  if (labels != nullptr && labels->is_object()) {
    const auto it = labels->find(requirement.key);
    if (it != labels->end() && it->is_string()) found = &*it;
  }
  const auto is_listed = [&] {
    return std::ranges::find(requirement.values, found->get_ref<const std::string&>()) !=
           requirement.values.end();
  };
  const auto number = [](const std::string& text) {
    return std::strtoll(text.c_str(), nullptr, 10);
  };
  switch (requirement.op) {
    case Operator::kExists:
      return found != nullptr;
    case Operator::kNotExists:
      return found == nullptr;
    case Operator::kIn:
      return found != nullptr && is_listed();
    case Operator::kNotIn:
      return found == nullptr || !is_listed();
    case Operator::kGreater:
      return found != nullptr &&
             number(found->get<std::string>()) > number(requirement.values.front());
    case Operator::kLess:
      return found != nullptr &&
             number(found->get<std::string>()) < number(requirement.values.front());
  }
  return false;
}

std::string field_text(const Json& object, const std::string& path) {
  const Json* value = find_path(object, "." + path);
  if (path == "source" && value != nullptr) value = find_path(object, ".source.component");
  if (value == nullptr || value->is_null()) return path == "spec.unschedulable" ? "false" : "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

bool Selector::matches(const Json& object) const {
  const Json* all = find_path(object, ".metadata.labels");
  return std::ranges::all_of(labels,
                             [&](const auto& requirement) { return holds(requirement, all); }) &&
         std::ranges::all_of(fields, [&](const FieldRequirement& field) {
           return (field_text(object, field.path) == field.value) == field.equal;
         });
}

Answer<std::vector<LabelRequirement>> parse_label_selector(std::string_view text) {
  std::vector<LabelRequirement> requirements;
  for (const auto term : terms_of(text)) {
    auto requirement = label_requirement(term);
    if (!requirement) return requirement.error();
    requirements.push_back(std::move(*requirement));
  }
  return requirements;
}

Answer<std::vector<FieldRequirement>> parse_field_selector(std::string_view text,
                                                           const KindDefinition& kind) {
  std::vector<FieldRequirement> requirements;
  for (const auto term : terms_of(text)) {
    const std::size_t equals = term.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return bad_request("invalid selector: '" + std::string(text) + "'; can't understand '" +
                         std::string(term) + "'");
    }
    const bool negated = term[equals - 1] == '!';
    const bool doubled = equals + 1 < term.size() && term[equals + 1] == '=';
    FieldRequirement requirement{std::string(trimmed(term.substr(0, equals - (negated ? 1 : 0)))),
                                 !negated,
                                 std::string(trimmed(term.substr(equals + (doubled ? 2 : 1))))};
    const bool known =
        requirement.path == "metadata.name" ||
        (requirement.path == "metadata.namespace" && kind.namespaced) ||
        std::ranges::find(kind.selectable, requirement.path) != kind.selectable.end();
    if (!known && !kind.custom && kind.selectable.empty())
      return bad_request(Json(requirement.path).dump() +
                         " is not a known field selector: only \"metadata.name\", "
                         "\"metadata.namespace\"");
    if (!known) return bad_request("field label not supported: " + requirement.path);
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

std::vector<LabelRequirement> requirements_of(const Json& label_selector) {
  using Operator = LabelRequirement::Operator;
  std::vector<LabelRequirement> all;
  const Json labels = label_selector.value("matchLabels", Json::object());
  for (const auto& [name, value] : labels.items())
    all.push_back({name, Operator::kIn, {value.get<std::string>()}});
  for (const Json& item : label_selector.value("matchExpressions", Json::array())) {
    const std::string op = item.value("operator", "");
    all.push_back({item.value("key", ""),
                   op == "In"       ? Operator::kIn
                   : op == "NotIn"  ? Operator::kNotIn
                   : op == "Exists" ? Operator::kExists
                                    : Operator::kNotExists,
                   item.value("values", std::vector<std::string>())});
  }
  return all;
}

}  // namespace penstock::apiserver
