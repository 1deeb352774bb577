#include "operator/apiserver/pod_rules.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

void set_default(Json& object, const char* name, Json value) {
  if (!object.contains(name)) object[name] = std::move(value);
}

// ":latest", said or meant, is pulled each time.
std::string pull_policy(const std::string& image) {
  const std::size_t slash = image.rfind('/');
  const std::size_t tag = image.find(':', slash == std::string::npos ? 0 : slash);
  const bool latest = tag == std::string::npos || image.substr(tag) == ":latest";
  return latest && image.find('@') == std::string::npos ? "Always" : "IfNotPresent";
}

void complete_container(Json& container) {
  set_default(container, "imagePullPolicy", pull_policy(container.value("image", "")));
  const Json limits = container["resources"].value("limits", Json::object());
  for (const auto& [name, amount] : limits.items())
    set_default(container["resources"]["requests"], name.c_str(), amount);
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

// Binding sets the node once; everything else that may change is listed in the message.
Json frozen_spec(const Json& pod, bool with_node) {
  Json spec = pod.value("spec", Json::object());
  for (const char* name : {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"})
    spec.erase(name);
  if (!with_node) spec.erase("nodeName");
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list)) continue;
    for (Json& container : spec[list]) container.erase("image");
  }
  return spec;
}

FieldError required(std::string field) {
  return {"FieldValueRequired", std::move(field), "Required value"};
}

void validate_mounts(const Json& spec, const Json& container, const std::string& place,
                     std::vector<FieldError>& errors) {
  const Json volumes = spec.value("volumes", Json::array());
  const Json mounts = container.value("volumeMounts", Json::array());
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string name = mounts[i].value("name", "");
    const bool known = std::ranges::any_of(
        volumes, [&](const Json& volume) { return volume.value("name", "") == name; });
    if (!known)
      errors.push_back({"FieldValueNotFound",
                        place + ".volumeMounts[" + std::to_string(i) + "].name",
                        "Not found: " + Json(name).dump()});
  }
}

}  // namespace

void complete_pod(Json& pod, bool created) {
  if (!pod.contains("spec")) return;
  Json& spec = pod["spec"];
  for (const char* list : {"containers", "initContainers"}) {
    if (!spec.contains(list)) continue;
    for (Json& container : spec[list]) complete_container(container);
  }
  if (spec.contains("volumes")) {
    for (Json& volume : spec["volumes"])
      if (volume.size() == 1 && volume.contains("name")) volume["emptyDir"] = Json::object();
  }
  if (created)
    pod["status"] = {{"phase", "Pending"},
                     {"qosClass", quality_of_service(spec.value("containers", Json::array()))}};
}

void validate_pod(const Json& pod, const Json* before, std::vector<FieldError>& errors) {
  const Json* containers = find_path(pod, ".spec.containers");
  if (containers == nullptr || containers->empty()) {
    errors.push_back(required("spec.containers"));
    return;
  }
  for (std::size_t i = 0; i < containers->size(); ++i) {
    const Json& container = (*containers)[i];
    const std::string place = "spec.containers[" + std::to_string(i) + "]";
    if (text_at(container, ".name").empty()) errors.push_back(required(place + ".name"));
    if (text_at(container, ".image").empty()) errors.push_back(required(place + ".image"));
    validate_mounts(pod["spec"], container, place, errors);
  }
  if (before == nullptr) return;
  const bool bound = !text_at(*before, ".spec.nodeName").empty();
  if (frozen_spec(pod, bound) != frozen_spec(*before, bound)) {
    errors.push_back(
        {"FieldValueForbidden", "spec",
         "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
         "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
         "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
         "set to 1 if it was previously negative)"});
  }
}

}  // namespace penstock::apiserver
