#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace penstock::k8s {

// Which object of a kind. `space` is the namespace; empty for kinds that are in none.
struct ObjectKey {
  std::string space;
  std::string name;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};
std::string to_string(const ObjectKey& key);  // "namespace/name", or "name"
ObjectKey parse_key(std::string_view text);   // the reverse

// A kind as the API's paths name it.
struct Resource {
  std::string group;  // empty: core
  std::string version;
  std::string plural;  // "streamjobs"
  std::string kind;    // "StreamJob"
  bool namespaced = true;
  friend bool operator==(const Resource&, const Resource&) = default;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "/apis/penstock.dev/v1alpha1/namespaces/a/streamjobs/b/status"; an empty name is the
  // collection; an empty namespace is all of them.
  std::string path(const ObjectKey& key, std::string_view subresource = {}) const;
};

// The kinds that the operator reads or writes.
const Resource& stream_jobs();
const Resource& scaling_policies();
const Resource& job_snapshots();
const Resource& pods();
const Resource& config_maps();
const Resource& secrets();
const Resource& disruption_budgets();
const Resource& nodes();
const Resource& events();  // events.k8s.io/v1
const Resource& leases();
const Resource& namespaces();

}  // namespace penstock::k8s

template <>
struct std::hash<penstock::k8s::ObjectKey> {
  std::size_t operator()(const penstock::k8s::ObjectKey& key) const noexcept {
    return std::hash<std::string>{}(key.space) * 31 + std::hash<std::string>{}(key.name);
  }
};
