#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "operator/cache/informer.h"
#include "operator/cache/store.h"

namespace penstock {

// What the operator caches.
struct Stores {
  k8s::ObjectStore jobs, policies, snapshots, pods, config_maps;
  k8s::ObjectStore nodes;  // stays empty where only some namespaces are watched
};

// Who has to look when something changed. Calls come from informers' threads.
struct Wake {
  std::function<void(const std::string& key)> job, policy, snapshot;
  std::function<void(const std::string& job)> schedule;  // of its savepoints
};

// Which keys a change of one kind concerns.
void wake_for_job(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);
void wake_for_pod(const k8s::StoreChange& change, const Wake& wake);
void wake_for_config_map(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);
// Only what says whether Pods may stay wakes their jobs.
void wake_for_node(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);
void wake_for_policy(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);
void wake_for_snapshot(const Stores& stores, const k8s::StoreChange& change, const Wake& wake);
// An engine has news about a job.
void wake_for_engine(const Stores& stores, const std::string& job, const Wake& wake);

// Every object as if it had just come: for who begins to act on caches that are filled already.
void wake_for_all(const Stores& stores, const Wake& wake);

// The kind that has not been listed yet in all of the given namespaces; empty when all have.
std::string missing_kind(const Stores& stores, const std::vector<std::string>& spaces);

// Follows all kinds in the given namespaces (none: in all of them, and Nodes) from construction on.
class Informers {
 public:
  Informers(const k8s::Reader& reader, Stores& stores, std::vector<std::string> spaces,
            Clock& clock, Wake wake);

 private:
  std::vector<std::unique_ptr<k8s::Informer>> informers_;
};

}  // namespace penstock
