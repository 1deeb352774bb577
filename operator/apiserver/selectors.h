#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"

namespace penstock::apiserver {

struct LabelRequirement {
  enum class Operator { kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  std::string key;
  Operator op = Operator::kExists;
  std::vector<std::string> values;
};

struct FieldRequirement {
  std::string path;  // "metadata.name"
  bool equal = true;
  std::string value;
};

// What a list or watch is restricted to. Pure values.
struct Selector {
  std::vector<LabelRequirement> labels;
  std::vector<FieldRequirement> fields;

  bool everything() const { return labels.empty() && fields.empty(); }
  bool matches(const Json& object) const;
};

// "team=a,env in (x,y),!old": 400 with the API server's words when it does not parse.
Answer<std::vector<LabelRequirement>> parse_label_selector(std::string_view text);
// Of a LabelSelector in an object: {"matchLabels": {...}, "matchExpressions": [...]}.
std::vector<LabelRequirement> requirements_of(const Json& label_selector);
// "metadata.name=x,status.phase!=Running"; 400 for a field that the kind does not offer.
Answer<std::vector<FieldRequirement>> parse_field_selector(std::string_view text,
                                                           const KindDefinition& kind);

}  // namespace penstock::apiserver
