#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "controllers/api/visitors.h"

// The OpenAPI v3 schema by field list; included only by schema.cpp.
namespace penstock::api {

using Ordered = nlohmann::ordered_json;

template <Described T>
Ordered object_schema(const T& defaults, bool with_defaults);

// Whether a value made of defaults alone is valid: then an absent object may default to {}. Rules
// speak against it at the top: an API server asks them of {} itself, before the defaults inside are
// filled in.
class FindsRequired {
 public:
  template <typename S, typename M>
  void operator()(const Field& field, M S::*) {
    if (field.required) found = true;
    if constexpr (Described<M>) {
      FindsRequired inner;
      describe(Type<M>{}, inner);
      if (inner.found) found = true;
    }
  }
  void rule(const Rule&) { rules = true; }
  bool found = false;
  bool rules = false;  // of the type itself, not of those inside
};

inline Ordered text_schema(std::size_t max, std::string_view pattern) {
  Ordered schema{{"type", "string"}, {"maxLength", max}};
  if (!pattern.empty()) schema["pattern"] = pattern;
  return schema;
}

inline Ordered quantity_schema(std::string_view pattern) {
  return Ordered{{"anyOf", {{{"type", "integer"}}, {{"type", "string"}}}},
                 {"maxLength", 32},
                 {"pattern", pattern},
                 {"x-kubernetes-int-or-string", true}};
}

inline Ordered number_schema(const Field& field, std::string_view type, std::string_view format) {
  Ordered schema{{"type", type}};
  if (!format.empty()) schema["format"] = format;
  const auto put = [&](const char* key, double bound) {
    if (type == "integer")
      schema[key] = static_cast<std::int64_t>(bound);
    else
      schema[key] = bound;
  };
  if (field.minimum) put("minimum", *field.minimum);
  if (field.maximum) put("maximum", *field.maximum);
  return schema;
}

// What a member's own type says; defaults of nested objects are inside.
template <typename M>
Ordered type_schema(const Field& field, const M& value, bool with_defaults) {
  if constexpr (kIsOptional<M>) {
    using Inner = typename M::value_type;
    Ordered schema = type_schema(field, Inner{}, with_defaults);
    if constexpr (std::same_as<Inner, Duration>)
      schema["pattern"] = "^$|" + schema["pattern"].template get<std::string>();
    return schema;
  } else if constexpr (std::same_as<M, bool>) {
    return Ordered{{"type", "boolean"}};
  } else if constexpr (std::same_as<M, std::string>) {
    Ordered schema = text_schema(field.max, pattern_of(field.format));
    if (field.min_length > 0) schema["minLength"] = field.min_length;
    return schema;
  } else if constexpr (std::same_as<M, Duration>) {
    return text_schema(32, kDurationPattern);
  } else if constexpr (std::same_as<M, Bytes>) {
    return quantity_schema(kBytesPattern);
  } else if constexpr (std::same_as<M, MilliCpu>) {
    return quantity_schema(kCpuPattern);
  } else if constexpr (std::same_as<M, Time>) {
    return Ordered{{"type", "string"}, {"format", "date-time"}, {"maxLength", 40}};
  } else if constexpr (std::same_as<M, RawObject>) {
    return Ordered{{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
  } else if constexpr (std::same_as<M, Strings>) {
    return Ordered{{"type", "object"},
                   {"maxProperties", field.max},
                   {"additionalProperties", text_schema(4096, "")}};
  } else if constexpr (Named<M>) {
    Ordered names = Ordered::array();
    for (const std::string_view name : names_of(M{})) names.push_back(name);
    return Ordered{{"type", "string"}, {"enum", names}};
  } else if constexpr (std::integral<M>) {
    return number_schema(field, "integer", sizeof(M) == 8 ? "int64" : "int32");
  } else if constexpr (std::same_as<M, double>) {
    return number_schema(field, "number", "double");
  } else if constexpr (kIsList<M>) {
    Field item{.name = field.name, .doc = field.doc, .max = 1024};
    Ordered schema{{"type", "array"}, {"maxItems", field.max}};
    schema["items"] = type_schema(item, typename M::value_type{}, with_defaults);
    schema["x-kubernetes-list-type"] = field.list_key.empty() ? "atomic" : "map";
    if (!field.list_key.empty()) schema["x-kubernetes-list-map-keys"] = {field.list_key};
    return schema;
  } else {
    return object_schema(value, with_defaults);
  }
}

// The default that the API server fills in; null for none.
template <typename M>
Ordered default_of(const M& value) {
  if constexpr (kIsOptional<M> || std::same_as<M, RawObject> || std::same_as<M, Strings> ||
                std::same_as<M, Time>) {
    return nullptr;
  } else if constexpr (std::same_as<M, std::string>) {
    return value.empty() ? Ordered(nullptr) : Ordered(value);
  } else if constexpr (kIsList<M>) {
    return value.empty() ? Ordered(nullptr) : Ordered(write_value(value));
  } else if constexpr (Described<M>) {
    FindsRequired finder;
    describe(Type<M>{}, finder);
    return finder.found ? Ordered(nullptr) : Ordered::object();
  } else {
    return Ordered(write_value(value));
  }
}

template <typename S>
class SchemaMaker {
 public:
  SchemaMaker(const S& defaults, bool with_defaults)
      : defaults_(defaults), with_defaults_(with_defaults) {}

  template <typename M>
  void operator()(const Field& field, M S::* member) {
    const M& value = defaults_.*member;
    Ordered schema = Ordered::object();
    std::string doc(field.doc);
    if (!field.built) doc += " Not built yet.";
    if (!field.unbuilt.empty()) doc += " Not built yet: " + std::string(field.unbuilt) + ".";
    if (!doc.empty()) schema["description"] = doc;
    schema.update(type_schema(field, value, with_defaults_));
    if (with_defaults_ && !field.required)
      if (Ordered it = default_of(value); !it.is_null()) schema["default"] = std::move(it);
    if (field.required) required_.push_back(field.name);
    properties_[field.name] = std::move(schema);
  }

  void rule(const Rule& rule) {
    Ordered entry{{"rule", rule.rule}, {"messageExpression", rule.message_expression}};
    if (!rule.field_path.empty()) entry["fieldPath"] = rule.field_path;
    if (!rule.reason.empty()) entry["reason"] = rule.reason;
    rules_.push_back(std::move(entry));
  }

  Ordered take() {
    Ordered schema{{"type", "object"}};
    if (!required_.empty()) schema["required"] = required_;
    schema["properties"] = std::move(properties_);
    if (!rules_.empty()) schema["x-kubernetes-validations"] = std::move(rules_);
    return schema;
  }

 private:
  const S& defaults_;
  const bool with_defaults_;
  Ordered required_ = Ordered::array();
  Ordered properties_ = Ordered::object();
  Ordered rules_ = Ordered::array();
};

template <Described T>
Ordered object_schema(const T& defaults, bool with_defaults) {
  SchemaMaker<T> maker(defaults, with_defaults);
  describe(Type<T>{}, maker);
  return maker.take();
}

}  // namespace penstock::api
