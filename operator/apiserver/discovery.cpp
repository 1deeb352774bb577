#include "operator/apiserver/discovery.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace penstock::apiserver {

namespace {

struct Subresource {
  std::string name;
  std::string group, version, kind;
  std::vector<std::string> verbs;
};

std::vector<Subresource> subresources_of(const KindDefinition& kind) {
  std::vector<Subresource> all;
  if (kind.has_status)
    all.push_back({"status", kind.group, kind.version, kind.kind, {"get", "patch", "update"}});
  if (kind.scale)
    all.push_back({"scale", "autoscaling", "v1", "Scale", {"get", "patch", "update"}});
  for (const std::string& name : kind.other_subresources) {
    if (name == "log") all.push_back({name, "", "v1", "Pod", {"get"}});
    if (name == "resize") all.push_back({name, "", "v1", "Pod", {"get", "patch", "update"}});
    if (name == "eviction") all.push_back({name, "policy", "v1", "Eviction", {"create"}});
    if (name == "binding") all.push_back({name, "", "v1", "Binding", {"create"}});
  }
  return all;
}

std::vector<std::string> verbs_of(const KindDefinition& kind) {
  std::vector<std::string> verbs{"create", "delete"};
  if (kind.plural != "namespaces") verbs.push_back("deletecollection");
  verbs.insert(verbs.end(), {"get", "list", "patch", "update", "watch"});
  return verbs;
}

Json response_kind(const std::string& group, const std::string& version, const std::string& kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const KindDefinition& kind) {
  Json resource{{"resource", kind.plural},
                {"responseKind", response_kind(kind.group, kind.version, kind.kind)},
                {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
                {"singularResource", kind.singular},
                {"verbs", verbs_of(kind)}};
  if (!kind.short_names.empty()) resource["shortNames"] = kind.short_names;
  if (!kind.categories.empty()) resource["categories"] = kind.categories;
  for (const Subresource& part : subresources_of(kind)) {
    resource["subresources"].push_back(
        {{"subresource", part.name},
         {"responseKind", response_kind(part.group, part.version, part.kind)},
         {"verbs", part.verbs}});
  }
  return resource;
}

struct GroupVersion {
  std::string group, version;
  friend bool operator==(const GroupVersion&, const GroupVersion&) = default;
};

// Each group here has one version.
std::vector<GroupVersion> groups_of(const KindTable& kinds, bool core) {
  std::vector<GroupVersion> groups;
  for (const KindDefinition& kind : kinds.all()) {
    const GroupVersion one{kind.group, kind.version};
    if (kind.group.empty() == core && std::ranges::find(groups, one) == groups.end())
      groups.push_back(one);
  }
  return groups;
}

Json group_entry(const GroupVersion& group) {
  const Json version{{"groupVersion", group.group + "/" + group.version},
                     {"version", group.version}};
  return {
      {"name", group.group}, {"versions", Json::array({version})}, {"preferredVersion", version}};
}

}  // namespace

Json aggregated_discovery(const KindTable& kinds, bool core) {
  Json items = Json::array();
  for (const GroupVersion& group : groups_of(kinds, core)) {
    Json resources = Json::array();
    for (const KindDefinition& kind : kinds.all()) {
      if (kind.group == group.group && kind.version == group.version) {
        resources.push_back(aggregated_resource(kind));
      }
    }
    Json metadata = Json::object();
    if (!core) metadata["name"] = group.group;
    const Json version{
        {"version", group.version}, {"resources", resources}, {"freshness", "Current"}};
    items.push_back({{"metadata", metadata}, {"versions", Json::array({version})}});
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", "apidiscovery.k8s.io/v2"},
          {"metadata", Json::object()},
          {"items", items}};
}

Json api_versions() {
  return {
      {"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", Json::array()}};
}

Json group_list(const KindTable& kinds) {
  Json groups = Json::array();
  for (const GroupVersion& group : groups_of(kinds, false)) groups.push_back(group_entry(group));
  return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}};
}

Json group_document(const KindTable& kinds, const std::string& group) {
  for (const GroupVersion& one : groups_of(kinds, false)) {
    if (one.group != group) continue;
    Json document = group_entry(one);
    document["kind"] = "APIGroup";
    document["apiVersion"] = "v1";
    return document;
  }
  return nullptr;
}

Json resource_list(const KindTable& kinds, const std::string& group, const std::string& version) {
  Json resources = Json::array();
  for (const KindDefinition& kind : kinds.all()) {
    if (kind.group != group || kind.version != version) continue;
    Json resource{{"name", kind.plural},
                  {"singularName", kind.singular},
                  {"namespaced", kind.namespaced},
                  {"kind", kind.kind},
                  {"verbs", verbs_of(kind)}};
    if (!kind.short_names.empty()) resource["shortNames"] = kind.short_names;
    if (!kind.categories.empty()) resource["categories"] = kind.categories;
    resources.push_back(resource);
    for (const Subresource& part : subresources_of(kind)) {
      Json entry{{"name", kind.plural + "/" + part.name},
                 {"singularName", ""},
                 {"namespaced", kind.namespaced},
                 {"kind", part.kind},
                 {"verbs", part.verbs}};
      if (part.group != kind.group) {
        entry["group"] = part.group;
        entry["version"] = part.version;
      }
      resources.push_back(entry);
    }
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", group.empty() ? version : group + "/" + version},
          {"resources", resources}};
}

Json version_document() {
  return {{"major", "1"},        {"minor", "32"},           {"gitVersion", "v1.32.5+penstock"},
          {"gitCommit", ""},     {"gitTreeState", "clean"}, {"buildDate", "1970-01-01T00:00:00Z"},
          {"goVersion", "none"}, {"compiler", "gcc"},       {"platform", "linux/amd64"}};
}

}  // namespace penstock::apiserver
