#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "operator/k8s/object.h"
#include "operator/k8s/resource.h"

namespace penstock::k8s {

// A change of the store: before and after; one of them is absent for an object that came or went.
struct StoreChange {
  std::optional<Object> before;
  std::optional<Object> after;
};

// The objects of one kind as last seen, indexed by name and by the uid of their controller.
// Any thread. Objects are immutable and shared.
class ObjectStore {
 public:
  std::optional<Object> find(const ObjectKey& key) const;
  std::vector<Object> all() const;
  // Those whose controller has this uid, by name.
  std::vector<Object> owned_by(std::string_view uid) const;
  std::size_t size() const;

  // `object`, or the same version of it that is here already: a list of what is known costs no
  // memory.
  Object share(Object object) const;

  // By informers. `space`: the part of the store that the informer feeds; empty is all of it.
  std::vector<StoreChange> replace(const std::string& space, std::vector<Object> objects);
  // Nothing when the store has this version already.
  std::optional<StoreChange> put(Object object);
  std::optional<StoreChange> drop(const Object& last);
  void progress(const std::string& space, const std::string& version);

  // Whether everything up to `version` has been seen in the namespace.
  bool reached(const std::string& space, std::string_view version) const;
  // Whether `spaces` informers have brought their first list.
  bool synced(std::size_t spaces) const;

 private:
  std::optional<StoreChange> put_locked(Object object);
  std::optional<StoreChange> drop_locked(const ObjectKey& key);

  mutable std::mutex mutex_;
  std::map<ObjectKey, Object> objects_;
  std::map<std::string, std::set<ObjectKey>, std::less<>> owned_;
  std::map<std::string, std::string> progress_;  // namespace -> version
};

}  // namespace penstock::k8s
