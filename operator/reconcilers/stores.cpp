#include "operator/reconcilers/stores.h"

#include <optional>
#include <utility>

#include "controllers/api/json.h"
#include "controllers/api/pod.h"
#include "controllers/desired/names.h"

namespace penstock {
namespace {

const k8s::Object& newest(const k8s::StoreChange& change) {
  return change.after ? *change.after : *change.before;
}

// `needle` stands in the object's text: a cheap test that lets through too much rather than too
// little.
void wake_jobs_naming(const Stores& stores, const std::string& space, std::string_view needle,
                      const Wake& wake) {
  for (const k8s::Object& job : stores.jobs.all()) {
    if (job.key().space == space && job.text().find(needle) != std::string::npos) {
      wake.job(k8s::to_string(job.key()));
    }
  }
}

std::optional<api::Node> node_in(const std::optional<k8s::Object>& object) {
  if (!object) return std::nullopt;
  auto node = api::parse<api::Node>(object->text());
  if (!node) return std::nullopt;
  return std::move(node).value();
}

// Whether a Pod would see a difference: heartbeats are not one.
bool same_for_pods(const api::Node& a, const api::Node& b) {
  const auto readiness = [](const api::Node& node) {
    for (const api::PodCondition& one : node.status.conditions)
      if (one.type == "Ready") return one.status;
    return api::Truth::kUnknown;
  };
  return a.spec == b.spec && readiness(a) == readiness(b);
}

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

}  // namespace

void wake_for_job(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  const k8s::Object& job = newest(change);
  wake.job(k8s::to_string(job.key()));
  wake.schedule(k8s::to_string(job.key()));
  for (const k8s::Object& policy : stores.policies.all()) {
    if (policy.key().space == job.key().space &&
        job.text().find(quoted(policy.key().name)) != std::string::npos) {
      wake.policy(k8s::to_string(policy.key()));
    }
  }
}

void wake_for_pod(const k8s::StoreChange& change, const Wake& wake) {
  const k8s::Object& pod = newest(change);
  if (pod.meta().controller_name.empty()) return;
  wake.job(k8s::to_string({pod.key().space, pod.meta().controller_name}));
}

void wake_for_node(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  const auto before = node_in(change.before), after = node_in(change.after);
  if (before && after && same_for_pods(*before, *after)) return;
  const std::string needle = quoted(newest(change).key().name);
  for (const k8s::Object& pod : stores.pods.all()) {
    if (pod.text().find(needle) != std::string::npos && !pod.meta().controller_name.empty()) {
      wake.job(k8s::to_string({pod.key().space, pod.meta().controller_name}));
    }
  }
}

void wake_for_config_map(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  const k8s::Object& map = newest(change);
  if (!map.meta().controller_name.empty()) {
    return wake.job(k8s::to_string({map.key().space, map.meta().controller_name}));
  }
  wake_jobs_naming(stores, map.key().space, quoted(map.key().name), wake);
}

void wake_for_policy(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  const k8s::ObjectKey& key = newest(change).key();
  wake.policy(k8s::to_string(key));
  wake_jobs_naming(stores, key.space, quoted(key.name), wake);
}

void wake_for_snapshot(const Stores& stores, const k8s::StoreChange& change, const Wake& wake) {
  const k8s::ObjectKey& key = newest(change).key();
  wake.snapshot(k8s::to_string(key));
  if (const std::string& job = newest(change).meta().controller_name; !job.empty())
    wake.schedule(k8s::to_string({key.space, job}));
  wake_jobs_naming(stores, key.space, quoted(key.name), wake);
}

void wake_for_engine(const Stores& stores, const std::string& job, const Wake& wake) {
  wake.job(job);
  const k8s::ObjectKey key = k8s::parse_key(job);
  for (const k8s::Object& snapshot : stores.snapshots.all()) {
    if (snapshot.key().space == key.space &&
        snapshot.text().find(quoted(key.name)) != std::string::npos) {
      wake.snapshot(k8s::to_string(snapshot.key()));
    }
  }
}

void wake_for_all(const Stores& stores, const Wake& wake) {
  const auto each = [](const k8s::ObjectStore& store, const auto& add) {
    for (const k8s::Object& object : store.all()) add(k8s::to_string(object.key()));
  };
  each(stores.jobs, wake.job);
  each(stores.jobs, wake.schedule);
  each(stores.policies, wake.policy);
  each(stores.snapshots, wake.snapshot);
}

std::string missing_kind(const Stores& stores, const std::vector<std::string>& spaces) {
  const std::size_t lists = spaces.empty() ? 1 : spaces.size();
  if (!stores.jobs.synced(lists)) return k8s::stream_jobs().plural;
  if (!stores.policies.synced(lists)) return k8s::scaling_policies().plural;
  if (!stores.snapshots.synced(lists)) return k8s::job_snapshots().plural;
  if (!stores.pods.synced(lists)) return k8s::pods().plural;
  if (!stores.config_maps.synced(lists)) return k8s::config_maps().plural;
  return {};
}

Informers::Informers(const k8s::Reader& reader, Stores& stores, std::vector<std::string> spaces,
                     Clock& clock, Wake wake) {
  const bool everywhere = spaces.empty();
  if (everywhere) spaces.emplace_back();
  const auto seed = static_cast<std::uint64_t>(clock.now());
  for (const std::string& space : spaces) {
    const auto follow = [&](const k8s::Resource& resource, k8s::ObjectStore& store,
                            std::string selector, k8s::Informer::OnChange on_change) {
      informers_.push_back(std::make_unique<k8s::Informer>(
          reader, resource, k8s::Scope{space, std::move(selector)}, store, clock,
          seed + informers_.size(), std::move(on_change)));
    };
    using Change = k8s::StoreChange;
    follow(k8s::stream_jobs(), stores.jobs, {},
           [&stores, wake](const Change& change) { wake_for_job(stores, change, wake); });
    follow(k8s::scaling_policies(), stores.policies, {},
           [&stores, wake](const Change& change) { wake_for_policy(stores, change, wake); });
    follow(k8s::job_snapshots(), stores.snapshots, {},
           [&stores, wake](const Change& change) { wake_for_snapshot(stores, change, wake); });
    follow(k8s::pods(), stores.pods, std::string(kJobLabel),
           [wake](const Change& change) { wake_for_pod(change, wake); });
    follow(k8s::config_maps(), stores.config_maps, {},
           [&stores, wake](const Change& change) { wake_for_config_map(stores, change, wake); });
  }
  if (!everywhere) return;
  informers_.push_back(std::make_unique<k8s::Informer>(
      reader, k8s::nodes(), k8s::Scope{}, stores.nodes, clock, seed + informers_.size(),
      [&stores, wake](const k8s::StoreChange& change) { wake_for_node(stores, change, wake); }));
}

}  // namespace penstock
