#include "operator/apiserver/builtin_types.h"

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "operator/apiserver/builtin_tables.h"
#include "runtime/base/check.h"

namespace penstock::apiserver {

namespace {

std::map<std::string, std::string> read_types() {
  std::map<std::string, std::string> types;
  std::string type;
  std::istringstream lines{std::string(kBuiltinTypes)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.starts_with(" ") ? std::string::npos : line.find(':');
    if (colon != std::string::npos) type = line.substr(0, colon);
    if (!line.empty()) types[type] += line.substr(colon == std::string::npos ? 0 : colon + 1);
  }
  return types;
}

// Turns the notation into schemas. Types are expanded where they are used.
class Notation {
 public:
  Json type(const std::string& name) const {
    const auto found = types_.find(name);
    CHECK(found != types_.end());
    Json schema{{"type", "object"}, {"properties", Json::object()}};
    std::istringstream fields(found->second);
    for (std::string field; fields >> field;) add_field(field, schema);
    return schema;
  }

 private:
  void add_field(std::string_view field, Json& schema) const {
    const std::size_t equals = field.find('=');
    std::string name(field.substr(0, equals));
    std::string_view kind = field.substr(equals + 1);
    if (name.ends_with('+')) {
      name.pop_back();
      schema["required"].push_back(name);
    }
    const std::size_t colon = kind.find(':');
    Json member = of_kind(kind.substr(0, colon));
    if (colon != std::string_view::npos) {
      const std::string text(kind.substr(colon + 1));
      Json value = Json::parse(text, nullptr, false);
      member["default"] = value.is_discarded() ? Json(text) : std::move(value);
    }
    schema["properties"][name] = std::move(member);
  }

  Json of_kind(std::string_view kind) const {
    const bool marked = kind.ends_with('!');
    if (marked) kind.remove_suffix(1);
    if (kind.starts_with('[')) return list_of(kind.substr(1, kind.size() - 2), marked);
    Json schema;
    if (kind.starts_with('{')) {
      schema = {{"type", "object"},
                {"additionalProperties", of_kind(kind.substr(1, kind.size() - 2))}};
    } else if (kind.size() == 1) {
      schema = scalar(kind.front());
    } else {
      schema = type(std::string(kind));
    }
    if (marked) schema["x-kubernetes-map-type"] = "atomic";
    return schema;
  }

  Json list_of(std::string_view kind, bool is_set) const {
    const std::size_t bar = kind.find('|');
    Json schema{{"type", "array"},
                {"items", of_kind(kind.substr(0, bar))},
                {"x-kubernetes-list-type", is_set ? "set" : "atomic"}};
    if (bar == std::string_view::npos) return schema;
    schema["x-kubernetes-list-type"] = "map";
    std::istringstream keys{std::string(kind.substr(bar + 1))};
    for (std::string key; std::getline(keys, key, ',');)
      schema["x-kubernetes-list-map-keys"].push_back(key);
    return schema;
  }

  static Json scalar(char kind) {
    switch (kind) {
      case 'i':
        return {{"type", "integer"}, {"format", "int32"}};
      case 'l':
        return {{"type", "integer"}, {"format", "int64"}};
      case 'b':
        return {{"type", "boolean"}};
      case 't':
      case 'm':
        return {{"type", "string"}, {"format", "date-time"}, {"nullable", true}};
      case 'q':
        return {{"x-kubernetes-int-or-string", true}, {"format", "quantity"}};
      case 'x':
        return {{"x-kubernetes-int-or-string", true}, {"format", "int-or-string"}};
      case '*':
        return {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
      default:
        return {{"type", "string"}};
    }
  }

  const std::map<std::string, std::string> types_ = read_types();
};

void add_descriptions(const std::string& type, Json& schema) {
  std::istringstream lines{std::string(kBuiltinDescriptions)};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t gap = line.find("  ");
    if (gap == std::string::npos) continue;
    std::istringstream path(line.substr(0, gap));
    std::string name;
    std::getline(path, name, '.');
    if (name != type) continue;
    Json* place = &schema;
    while (std::getline(path, name, '.')) {
      if (place->contains("items")) place = &(*place)["items"];
      place = &(*place)["properties"][name];
    }
    (*place)["description"] = line.substr(gap + 2);
  }
}

}  // namespace

Json builtin_schema(const std::string& type) {
  static const Notation kNotation;
  Json schema = kNotation.type(type);
  add_descriptions(type, schema);
  return schema;
}

}  // namespace penstock::apiserver
