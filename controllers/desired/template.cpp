#include "controllers/desired/template.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

namespace penstock {
namespace {

using Json = nlohmann::json;

// The member by which items of a list are the same; empty for a list that is replaced.
// Kubernetes' patchMergeKey of PodSpec and Container.
std::string_view merge_key(std::string_view list) {
  if (list == "volumeMounts") return "mountPath";
  if (list == "volumeDevices") return "devicePath";
  if (list == "hostAliases") return "ip";
  for (const std::string_view named :
       {"containers", "initContainers", "volumes", "env", "imagePullSecrets", "resourceClaims"})
    if (list == named) return "name";
  return {};
}

void merge(Json& into, const Json& from);

void merge_list(Json& into, const Json& from, std::string_view key) {
  for (const Json& item : from) {
    const auto same = std::find_if(into.begin(), into.end(), [&](const Json& one) {
      return one.is_object() && item.is_object() && one.contains(key) && item.contains(key) &&
             one.at(std::string(key)) == item.at(std::string(key));
    });
    if (same == into.end())
      into.push_back(item);
    else
      merge(*same, item);
  }
}

void merge(Json& into, const Json& from) {
  for (const auto& [name, value] : from.items()) {
    const std::string_view key = merge_key(name);
    if (into.contains(name) && into[name].is_object() && value.is_object())
      merge(into[name], value);
    else if (into.contains(name) && into[name].is_array() && value.is_array() && !key.empty())
      merge_list(into[name], value, key);
    else
      into[name] = value;
  }
}

}  // namespace

std::string merge_template(const std::string& pod_json, const std::string& template_json) {
  Json pod = Json::parse(pod_json, nullptr, false);
  const Json more = Json::parse(template_json, nullptr, false);
  if (!pod.is_object() || !more.is_object()) return pod_json;
  merge(pod, more);
  return pod.dump();
}

}  // namespace penstock
