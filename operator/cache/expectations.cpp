#include "operator/cache/expectations.h"

namespace penstock::k8s {

void Expectations::wrote(const std::string& key, const ObjectStore& store, const Object& written) {
  expected_.with([&](auto& all) {
    all[key].push_back({&store, written.key(), written.resource_version(), {}});
  });
}

void Expectations::removed(const std::string& key, const ObjectStore& store,
                           const ObjectKey& object, const std::string& uid) {
  expected_.with([&](auto& all) { all[key].push_back({&store, object, {}, uid}); });
}

bool Expectations::fulfilled(const Expected& expected) {
  if (expected.version.empty()) {
    const auto seen = expected.store->find(expected.object);
    return !seen || seen->uid() != expected.deleted_uid || seen->meta().deleting;
  }
  return expected.store->reached(expected.object.space, expected.version);
}

bool Expectations::pending(const std::string& key) {
  return expected_.with([&](auto& all) {
    const auto found = all.find(key);
    if (found == all.end()) return false;
    std::erase_if(found->second, fulfilled);
    if (!found->second.empty()) return true;
    all.erase(found);
    return false;
  });
}

void Expectations::forget(const std::string& key) {
  expected_.with([&](auto& all) { all.erase(key); });
}

}  // namespace penstock::k8s
