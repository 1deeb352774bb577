#include "operator/apiserver/builtin_rules.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "runtime/base/base64.h"

namespace penstock::apiserver {

namespace {

void set_default(Json& object, const char* name, Json value) {
  if (!object.contains(name) || object[name].is_null()) object[name] = std::move(value);
}

bool is_pod(const KindDefinition& kind) { return kind.group.empty() && kind.plural == "pods"; }

void complete_container(Json& container) {
  set_default(container, "terminationMessagePath", "/dev/termination-log");
  set_default(container, "terminationMessagePolicy", "File");
  set_default(container, "imagePullPolicy", "IfNotPresent");
  set_default(container, "resources", Json::object());
  Json& resources = container["resources"];
  if (!resources.is_object() || !resources.contains("limits") || !resources["limits"].is_object())
    return;
  for (const auto& [name, amount] : resources["limits"].items()) {
    set_default(resources["requests"], name.c_str(), amount);
  }
}

// Guaranteed: every container has cpu and memory limits, equal to its requests. BestEffort: none
// has any.
std::string quality_of_service(const Json& containers) {
  bool any = false, guaranteed = true;
  for (const Json& container : containers) {
    const Json resources = container.value("resources", Json::object());
    const Json requests = resources.value("requests", Json::object());
    const Json limits = resources.value("limits", Json::object());
    any = any || !requests.empty() || !limits.empty();
    guaranteed =
        guaranteed && limits.contains("cpu") && limits.contains("memory") && limits == requests;
  }
  return !any ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

void complete_pod(Json& pod, bool created) {
  Json& spec = pod["spec"];
  if (!spec.is_object()) return;
  set_default(spec, "restartPolicy", "Always");
  set_default(spec, "terminationGracePeriodSeconds", 30);
  set_default(spec, "dnsPolicy", "ClusterFirst");
  set_default(spec, "schedulerName", "default-scheduler");
  set_default(spec, "enableServiceLinks", true);
  set_default(spec, "securityContext", Json::object());
  if (!spec.contains("containers") || !spec["containers"].is_array()) return;
  for (Json& container : spec["containers"]) {
    if (container.is_object()) complete_container(container);
  }
  if (created)
    pod["status"] = {{"phase", "Pending"}, {"qosClass", quality_of_service(spec["containers"])}};
}

void complete_secret(Json& secret) {
  if (secret.contains("stringData") && secret["stringData"].is_object()) {
    for (const auto& [name, value] : secret["stringData"].items()) {
      if (value.is_string())
        secret["data"][name] = encode_base64(value.get_ref<const std::string&>());
    }
  }
  secret.erase("stringData");
  set_default(secret, "type", "Opaque");
}

void complete_namespace(Json& space, bool created) {
  const std::string name = text_at(space, ".metadata.name");
  if (!name.empty()) space["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
  if (!created) return;
  space["spec"]["finalizers"] = Json::array({"kubernetes"});
  space["status"] = {{"phase", "Active"}};
}

FieldError required(std::string field) {
  return {"FieldValueRequired", std::move(field), "Required value"};
}

void validate_pod(const Json& pod, const Json* before, std::vector<FieldError>& errors) {
  const Json* containers = find_path(pod, ".spec.containers");
  if (containers == nullptr || !containers->is_array() || containers->empty()) {
    errors.push_back(required("spec.containers"));
    return;
  }
  for (std::size_t i = 0; i < containers->size(); ++i) {
    const std::string place = "spec.containers[" + std::to_string(i) + "]";
    if (text_at((*containers)[i], ".name").empty()) errors.push_back(required(place + ".name"));
    if (text_at((*containers)[i], ".image").empty()) errors.push_back(required(place + ".image"));
  }
  if (before == nullptr) return;
  // Binding sets the node once; everything else that may change is listed in the message.
  const auto frozen = [](const Json& object, bool with_node) {
    Json spec = object.value("spec", Json::object());
    for (const char* name :
         {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"})
      spec.erase(name);
    if (!with_node) spec.erase("nodeName");
    for (Json& container : spec["containers"]) container.erase("image");
    return spec;
  };
  const bool bound = !text_at(*before, ".spec.nodeName").empty();
  if (frozen(pod, bound) != frozen(*before, bound)) {
    errors.push_back(
        {"FieldValueForbidden", "spec",
         "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
         "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
         "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
         "set to 1 if it was previously negative)"});
  }
}

void validate_data(const Json& object, const Json* before, bool encoded,
                   std::vector<FieldError>& errors) {
  if (encoded && object.contains("data")) {
    for (const auto& [name, value] : object["data"].items()) {
      if (!decode_base64(value.get_ref<const std::string&>())) {
        errors.push_back({"FieldValueInvalid", "data[" + name + "]",
                          "Invalid value: \"<secret contents redacted>\": "
                          "illegal base64 data"});
      }
    }
  }
  if (before == nullptr || before->value("immutable", false) == false) return;
  for (const char* name : {"data", "binaryData", "immutable"}) {
    if (object.value(name, Json()) != before->value(name, Json())) {
      errors.push_back(
          {"FieldValueForbidden", name, "Forbidden: field is immutable when `immutable` is set"});
    }
  }
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
  const auto refuse = [&](const std::string& field, const std::string& type) {
    return bad_request(kind.kind + " in version \"" + kind.version + "\" cannot be handled as a " +
                       kind.kind + ": json: cannot unmarshal into Go struct field " + kind.kind +
                       "." + field + " of type " + type);
  };
  for (const char* name : {"spec", "status"}) {
    const bool wrong =
        object.contains(name) && !object[name].is_object() && !object[name].is_null();
    if (wrong && !kind.custom) return refuse(name, "object");
  }
  if (kind.plural != "configmaps" && kind.plural != "secrets") return true;
  for (const char* name : {"data", "binaryData", "stringData"}) {
    if (!object.contains(name) || object[name].is_null()) continue;
    if (!object[name].is_object()) return refuse(name, "map[string]string");
    for (const auto& [key, value] : object[name].items()) {
      if (!value.is_string()) return refuse(name, "string");
    }
  }
  return true;
}

void complete_builtin(const KindDefinition& kind, Json& object, bool created) {
  if (kind.custom) return;
  if (is_pod(kind)) complete_pod(object, created);
  if (kind.plural == "secrets") complete_secret(object);
  if (kind.plural == "namespaces") complete_namespace(object, created);
  if (kind.plural == "leases") set_default(object, "spec", Json::object());
}

std::vector<FieldError> validate_builtin(const KindDefinition& kind, const Json& object,
                                         const Json* before) {
  std::vector<FieldError> errors;
  if (kind.custom) return errors;
  if (is_pod(kind)) validate_pod(object, before, errors);
  if (kind.plural == "secrets" || kind.plural == "configmaps") {
    validate_data(object, before, kind.plural == "secrets", errors);
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
