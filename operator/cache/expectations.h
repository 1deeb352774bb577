#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/cache/store.h"
#include "runtime/base/guarded.h"

namespace penstock::k8s {

// Read your own writes: what a controller wrote for one key and the caches may not show yet. While
// something is pending for a key, its next reconcile would act on the past. Any thread.
class Expectations {
 public:
  // `written` is the object as the server answered a create or a write.
  void wrote(const std::string& key, const ObjectStore& store, const Object& written);
  // `uid` was deleted: fulfilled when it is gone, another, or marked as being deleted.
  void removed(const std::string& key, const ObjectStore& store, const ObjectKey& object,
               const std::string& uid);

  // Whether the caches show less than was written for `key`. Forgets what is fulfilled.
  bool pending(const std::string& key);
  void forget(const std::string& key);

 private:
  struct Expected {
    const ObjectStore* store = nullptr;
    ObjectKey object;
    std::string version;  // empty: a delete
    std::string deleted_uid;
  };
  static bool fulfilled(const Expected& expected);

  Guarded<std::map<std::string, std::vector<Expected>>> expected_;
};

}  // namespace penstock::k8s
