#include "operator/cache/store.h"

#include <unordered_set>
#include <utility>

namespace penstock::k8s {

std::optional<Object> ObjectStore::find(const ObjectKey& key) const {
  std::scoped_lock lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Object> ObjectStore::all() const {
  std::scoped_lock lock(mutex_);
  std::vector<Object> out;
  out.reserve(objects_.size());
  for (const auto& [key, object] : objects_) out.push_back(object);
  return out;
}

std::vector<Object> ObjectStore::owned_by(std::string_view uid) const {
  std::scoped_lock lock(mutex_);
  std::vector<Object> out;
  const auto owned = owned_.find(uid);
  if (owned == owned_.end()) return out;
  for (const ObjectKey& key : owned->second) out.push_back(objects_.at(key));
  return out;
}

std::size_t ObjectStore::size() const {
  std::scoped_lock lock(mutex_);
  return objects_.size();
}

std::vector<StoreChange> ObjectStore::replace(const std::string& space,
                                              std::vector<Object> objects) {
  std::scoped_lock lock(mutex_);
  std::vector<StoreChange> changes;
  std::unordered_set<ObjectKey> kept;
  for (const Object& object : objects) kept.insert(object.key());
  std::vector<ObjectKey> gone;
  for (const auto& [key, object] : objects_) {
    if ((space.empty() || key.space == space) && !kept.contains(key)) gone.push_back(key);
  }
  for (const ObjectKey& key : gone) {
    if (auto change = drop_locked(key)) changes.push_back(std::move(*change));
  }
  for (Object& object : objects) {
    if (auto change = put_locked(std::move(object))) changes.push_back(std::move(*change));
  }
  return changes;
}

Object ObjectStore::share(Object object) const {
  std::scoped_lock lock(mutex_);
  const auto known = objects_.find(object.key());
  const bool same = known != objects_.end() && known->second.uid() == object.uid() &&
                    known->second.resource_version() == object.resource_version();
  if (same) return known->second;
  return object;
}

std::optional<StoreChange> ObjectStore::put(Object object) {
  std::scoped_lock lock(mutex_);
  return put_locked(std::move(object));
}

std::optional<StoreChange> ObjectStore::drop(const Object& last) {
  std::scoped_lock lock(mutex_);
  return drop_locked(last.key());
}

std::optional<StoreChange> ObjectStore::put_locked(Object object) {
  StoreChange change;
  const auto known = objects_.find(object.key());
  if (known != objects_.end()) {
    if (known->second.uid() == object.uid() &&
        known->second.resource_version() == object.resource_version()) {
      return std::nullopt;
    }
    change.before = known->second;
    if (const auto owned = owned_.find(known->second.meta().controller_uid);
        owned != owned_.end()) {
      owned->second.erase(object.key());
      if (owned->second.empty()) owned_.erase(owned);
    }
  }
  if (const std::string& owner = object.meta().controller_uid; !owner.empty()) {
    owned_[owner].insert(object.key());
  }
  change.after = object;
  objects_.insert_or_assign(object.key(), object);
  return change;
}

std::optional<StoreChange> ObjectStore::drop_locked(const ObjectKey& key) {
  const auto known = objects_.find(key);
  if (known == objects_.end()) return std::nullopt;
  StoreChange change{known->second, std::nullopt};
  if (const auto owned = owned_.find(known->second.meta().controller_uid); owned != owned_.end()) {
    owned->second.erase(key);
    if (owned->second.empty()) owned_.erase(owned);
  }
  objects_.erase(known);
  return change;
}

void ObjectStore::progress(const std::string& space, const std::string& version) {
  std::scoped_lock lock(mutex_);
  progress_[space] = version;
}

bool ObjectStore::reached(const std::string& space, std::string_view version) const {
  std::scoped_lock lock(mutex_);
  auto seen = progress_.find(space);
  if (seen == progress_.end()) seen = progress_.find("");
  return seen != progress_.end() && version_at_least(seen->second, version);
}

bool ObjectStore::synced(std::size_t spaces) const {
  std::scoped_lock lock(mutex_);
  return progress_.size() >= spaces;
}

}  // namespace penstock::k8s
