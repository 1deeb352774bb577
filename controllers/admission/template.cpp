#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "controllers/admission/causes.h"
#include "controllers/api/pod.h"

namespace penstock {
namespace {

using Json = nlohmann::json;
using Words = std::initializer_list<std::string_view>;

bool is_one_of(std::string_view name, Words words) {
  return std::find(words.begin(), words.end(), name) != words.end();
}

void forbid(Verdict& verdict, std::string path, std::string message) {
  refuse(verdict, std::move(path), "FieldValueForbidden", std::move(message));
}

// Refuses members of `object` that are not among `allowed`.
void allow_only(const Json& object, const std::string& path, Words allowed, const std::string& why,
                Verdict& verdict) {
  for (const auto& [name, value] : object.items())
    if (!is_one_of(name, allowed)) forbid(verdict, path + "." + name, why);
}

void check_metadata(const Json& metadata, const std::string& path, Verdict& verdict) {
  allow_only(metadata, path, {"labels", "annotations"},
             "only labels and annotations of a Pod can be set", verdict);
  for (const char* kind : {"labels", "annotations"}) {
    if (!metadata.contains(kind)) continue;
    if (!metadata[kind].is_object()) {
      invalid(verdict, path + "." + kind, "should be an object");
      continue;
    }
    for (const auto& [name, value] : metadata[kind].items())
      if (name.starts_with("penstock.dev/") || name == "app.kubernetes.io/managed-by")
        forbid(verdict, path + "." + kind, name + " is the operator's own");
  }
}

std::string name_of(const Json& item) {
  if (!item.is_object() || !item.contains("name") || !item["name"].is_string()) return {};
  return item["name"].get<std::string>();
}

// An empty one when there is none, or something else.
Json list_in(const Json& object, const std::string& name, const std::string& path,
             Verdict& verdict) {
  if (!object.contains(name)) return Json::array();
  if (object[name].is_array()) return object[name];
  invalid(verdict, path + "." + name, "should be a list");
  return Json::array();
}

void check_container(const Json& container, const std::string& path, Verdict& verdict) {
  if (name_of(container) != api::kEngineContainer) {
    forbid(verdict, path, "a Pod has one container, named engine; helpers can be initContainers");
    return;
  }
  allow_only(container, path,
             {"name", "env", "envFrom", "volumeMounts", "volumeDevices", "securityContext",
              "imagePullPolicy"},
             "the engine's process is the operator's: use spec.image, spec.resources, or what a "
             "template may set: env, envFrom, volumeMounts, volumeDevices, securityContext, "
             "imagePullPolicy",
             verdict);
  static_cast<void>(list_in(container, "volumeMounts", path, verdict));
  for (const Json& variable : list_in(container, "env", path, verdict))
    if (name_of(variable) == "POD_IP")
      forbid(verdict, path + ".env", "POD_IP is the operator's own");
}

void check_spec(const Json& spec, const std::string& path, Verdict& verdict) {
  for (const char* name :
       {"restartPolicy", "activeDeadlineSeconds", "ephemeralContainers", "resources"})
    if (spec.contains(name))
      forbid(verdict, path + "." + name, "the operator decides how the process lives and ends");
  const Json containers = list_in(spec, "containers", path, verdict);
  for (std::size_t i = 0; i < containers.size(); ++i)
    check_container(containers[i], path + ".containers[" + std::to_string(i) + "]", verdict);
  const Json volumes = list_in(spec, "volumes", path, verdict);
  for (std::size_t i = 0; i < volumes.size(); ++i)
    if (is_one_of(name_of(volumes[i]), {"job", "tls"}))
      forbid(verdict, path + ".volumes[" + std::to_string(i) + "].name",
             "volumes job and tls are the operator's own; choose another name");
}

}  // namespace

void check_template(const api::RawObject& pod_template, const std::string& path, Verdict& verdict) {
  const Json json = Json::parse(pod_template.text, nullptr, false);
  if (!json.is_object()) return;
  allow_only(json, path, {"metadata", "spec"}, "a template has metadata and spec", verdict);
  for (const char* part : {"metadata", "spec"})
    if (json.contains(part) && !json[part].is_object())
      invalid(verdict, path + "." + part, "should be an object");
  if (json.contains("metadata") && json["metadata"].is_object())
    check_metadata(json["metadata"], path + ".metadata", verdict);
  if (json.contains("spec") && json["spec"].is_object())
    check_spec(json["spec"], path + ".spec", verdict);
}

}  // namespace penstock
