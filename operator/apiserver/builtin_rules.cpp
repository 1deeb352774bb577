#include "operator/apiserver/builtin_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/pod_rules.h"
#include "operator/apiserver/schema.h"
#include "operator/apiserver/service_rules.h"
#include "runtime/base/base64.h"

namespace penstock::apiserver {

namespace {

void complete_secret(Json& secret) {
  if (secret.contains("stringData")) {
    for (const auto& [name, value] : secret["stringData"].items())
      secret["data"][name] = encode_base64(value.get_ref<const std::string&>());
  }
  secret.erase("stringData");
}

void complete_namespace(Json& space, bool created) {
  const std::string name = text_at(space, ".metadata.name");
  if (!name.empty()) space["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
  if (!created) return;
  space["spec"]["finalizers"] = Json::array({"kubernetes"});
  space["status"] = {{"phase", "Active"}};
}

FieldError bad_key(const std::string& field, const std::string& key, const std::string& why) {
  return {"FieldValueInvalid", field + "[" + key + "]",
          "Invalid value: " + Json(key).dump() + ": " + why};
}

void validate_keys(const Json& object, std::vector<FieldError>& errors) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  };
  for (const char* field : {"data", "binaryData"}) {
    const Json data = object.value(field, Json::object());
    for (const auto& [key, value] : data.items()) {
      if (key.empty() || !std::ranges::all_of(key, allowed))
        errors.push_back(bad_key(
            field, key,
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
            "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
            "'[-._a-zA-Z0-9]+')"));
      if (key.size() > 253)
        errors.push_back(bad_key(field, key, "must be no more than 253 characters"));
      if (key == "." || key == "..")
        errors.push_back(bad_key(field, key, "must not be '" + key + "'"));
      else if (key.starts_with(".."))
        errors.push_back(bad_key(field, key, "must not start with '..'"));
    }
  }
}

void validate_finalizers(const Json& object, std::vector<FieldError>& errors) {
  const Json finalizers = object["metadata"].value("finalizers", Json::array());
  for (std::size_t i = 0; i < finalizers.size(); ++i) {
    const std::string name = finalizers[i].get<std::string>();
    const bool standard = name == "kubernetes" || name == "orphan" || name == "foregroundDeletion";
    if (!standard && name.find('/') == std::string::npos)
      errors.push_back(
          {"FieldValueInvalid", "metadata.finalizers[" + std::to_string(i) + "]",
           "Invalid value: " + finalizers[i].dump() +
               ": name is neither a standard finalizer name nor is it fully qualified"});
  }
}

FieldError required(std::string field) {
  return {"FieldValueRequired", std::move(field), "Required value"};
}

void validate_data(const Json& object, const Json* before, std::vector<FieldError>& errors) {
  validate_keys(object, errors);
  if (before == nullptr || before->value("immutable", false) == false) return;
  for (const char* name : {"data", "binaryData", "immutable"}) {
    if (object.value(name, Json()) != before->value(name, Json())) {
      errors.push_back(
          {"FieldValueForbidden", name, "Forbidden: field is immutable when `immutable` is set"});
    }
  }
}

void validate_budget(const Json& budget, std::vector<FieldError>& errors) {
  const Json spec = budget.value("spec", Json::object());
  if (spec.contains("minAvailable") && spec.contains("maxUnavailable"))
    errors.push_back(
        {"FieldValueInvalid", "spec",
         "Invalid value: " + spec.dump() + ": minAvailable and maxUnavailable cannot be both set"});
}

bool is_core(const KindDefinition& kind, std::string_view plural) {
  return kind.group.empty() && kind.plural == plural;
}

struct Misfit {
  std::string path, found, expected;
};

// The first value in `value` that is of another JSON type than its schema says; null fits anywhere.
std::optional<Misfit> first_misfit(const Json& value, const Json& schema, const std::string& path) {
  if (value.is_null()) return std::nullopt;
  const std::string found = value.is_boolean()     ? "bool"
                            : value.is_number()    ? "number"
                            : value.is_primitive() ? "string"
                                                   : value.type_name();
  const std::string type = schema.value("type", "");
  if (schema.value("x-kubernetes-int-or-string", false)) {
    if (value.is_string() || value.is_number()) return std::nullopt;
    return Misfit{path, found, schema.value("format", "")};
  }
  const bool fits = type == "string"    ? value.is_string()
                    : type == "integer" ? value.is_number_integer()
                    : type == "boolean" ? value.is_boolean()
                    : type == "array"   ? value.is_array()
                                        : value.is_object();
  if (!fits) return Misfit{path, found, type};
  if (value.is_object()) {
    for (const auto& [name, child] : value.items()) {
      if (path.empty() && name == "metadata") continue;
      const Json* below = member_schema(&schema, name);
      if (below == nullptr) continue;
      if (auto wrong = first_misfit(child, *below, path + "." + name)) return wrong;
    }
  } else if (value.is_array()) {
    for (const Json& item : value) {
      if (item.is_null()) return Misfit{path, "null", "list item"};
      if (auto wrong = first_misfit(item, *item_schema(&schema), path)) return wrong;
    }
  }
  return std::nullopt;
}

struct Renamed {
  const char* core;
  const char* v1;
};
constexpr std::array kEventNames{Renamed{"involvedObject", "regarding"},
                                 Renamed{"message", "note"},
                                 Renamed{"source", "deprecatedSource"},
                                 Renamed{"firstTimestamp", "deprecatedFirstTimestamp"},
                                 Renamed{"lastTimestamp", "deprecatedLastTimestamp"},
                                 Renamed{"count", "deprecatedCount"},
                                 Renamed{"reportingComponent", "reportingController"}};

}  // namespace

Answer<bool> check_builtin_types(const KindDefinition& kind, const Json& object) {
  if (kind.custom) return true;
  const std::optional<Misfit> wrong = first_misfit(object, *kind.schema, "");
  const bool secret = is_core(kind, "secrets");
  const Json data = object.value(secret ? "data" : "binaryData", Json());
  if (!wrong && data.is_object() && (secret || is_core(kind, "configmaps"))) {
    for (const auto& [key, value] : data.items())
      if (value.is_string() && !decode_base64(value.get_ref<const std::string&>()))
        return bad_request(kind.kind + " in version \"" + kind.version +
                           "\" cannot be handled as a " + kind.kind + ": illegal base64 data in " +
                           key);
  }
  if (!wrong) return true;
  return bad_request(kind.kind + " in version \"" + kind.version + "\" cannot be handled as a " +
                     kind.kind + ": json: cannot unmarshal " + wrong->found +
                     " into Go struct field " + kind.kind + wrong->path + " of type " +
                     wrong->expected);
}

void complete_builtin(const KindDefinition& kind, Json& object, const Json* before) {
  if (kind.custom) return;
  if (is_core(kind, "pods")) complete_pod(object, before == nullptr);
  if (is_core(kind, "services")) complete_service(object, before);
  if (is_core(kind, "secrets")) complete_secret(object);
  if (is_core(kind, "namespaces")) complete_namespace(object, before == nullptr);
  if (kind.plural == "poddisruptionbudgets" && before == nullptr)
    object["status"] = {{"currentHealthy", 0},
                        {"desiredHealthy", 0},
                        {"disruptionsAllowed", 0},
                        {"expectedPods", 0}};
  for (const char* part : {"spec", "status"}) {
    // These are no pointers in Go: they are always there.
    const Json& fields = (*kind.schema)["properties"];
    if (fields.contains(part) && !object.contains(part)) object[part] = Json::object();
  }
}

std::vector<FieldError> validate_builtin(const KindDefinition& kind, const Json& object,
                                         const Json* before) {
  std::vector<FieldError> errors;
  if (kind.custom) return errors;
  validate_finalizers(object, errors);
  if (is_core(kind, "pods")) validate_pod(object, before, errors);
  if (is_core(kind, "services")) validate_service(object, before, errors);
  if (kind.plural == "poddisruptionbudgets") validate_budget(object, errors);
  if (kind.plural == "secrets" || kind.plural == "configmaps") {
    validate_data(object, before, errors);
  }
  if (kind.plural == "secrets" && before != nullptr &&
      object.value("type", "") != before->value("type", "")) {
    errors.push_back(
        {"FieldValueInvalid", "type",
         "Invalid value: " + object.value("type", Json()).dump() + ": field is immutable"});
  }
  if (kind.plural == "events" && text_at(object, ".involvedObject.kind").empty()) {
    errors.push_back(required("involvedObject.kind"));
  }
  return errors;
}

Json event_to_core(const Json& event) {
  Json core = event;
  for (const Renamed& field : kEventNames) {
    if (!core.contains(field.v1)) continue;
    core[field.core] = core[field.v1];
    core.erase(field.v1);
  }
  core["apiVersion"] = "v1";
  return core;
}

Json event_from_core(const Json& event) {
  Json v1 = event;
  for (const Renamed& field : kEventNames) {
    if (!v1.contains(field.core)) continue;
    v1[field.v1] = v1[field.core];
    v1.erase(field.core);
  }
  v1["apiVersion"] = "events.k8s.io/v1";
  return v1;
}

}  // namespace penstock::apiserver
