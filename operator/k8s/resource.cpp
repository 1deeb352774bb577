#include "operator/k8s/resource.h"

namespace penstock::k8s {

std::string to_string(const ObjectKey& key) {
  return key.space.empty() ? key.name : key.space + "/" + key.name;
}

ObjectKey parse_key(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {{}, std::string(text)};
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

std::string Resource::path(const ObjectKey& key, std::string_view subresource) const {
  std::string path = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
  if (namespaced && !key.space.empty()) path += "/namespaces/" + key.space;
  path += "/" + plural;
  if (!key.name.empty()) path += "/" + key.name;
  if (!subresource.empty()) path += "/" + std::string(subresource);
  return path;
}

const Resource& stream_jobs() {
  static const Resource resource{"penstock.dev", "v1alpha1", "streamjobs", "StreamJob"};
  return resource;
}
const Resource& scaling_policies() {
  static const Resource resource{"penstock.dev", "v1alpha1", "scalingpolicies", "ScalingPolicy"};
  return resource;
}
const Resource& job_snapshots() {
  static const Resource resource{"penstock.dev", "v1alpha1", "jobsnapshots", "JobSnapshot"};
  return resource;
}
const Resource& pods() {
  static const Resource resource{"", "v1", "pods", "Pod"};
  return resource;
}
const Resource& config_maps() {
  static const Resource resource{"", "v1", "configmaps", "ConfigMap"};
  return resource;
}
const Resource& secrets() {
  static const Resource resource{"", "v1", "secrets", "Secret"};
  return resource;
}
const Resource& disruption_budgets() {
  static const Resource resource{"policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget"};
  return resource;
}
const Resource& nodes() {
  static const Resource resource{"", "v1", "nodes", "Node", false};
  return resource;
}
const Resource& events() {
  static const Resource resource{"events.k8s.io", "v1", "events", "Event"};
  return resource;
}
const Resource& leases() {
  static const Resource resource{"coordination.k8s.io", "v1", "leases", "Lease"};
  return resource;
}

const Resource& namespaces() {
  static const Resource resource{"", "v1", "namespaces", "Namespace", false};
  return resource;
}

}  // namespace penstock::k8s
