#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "operator/apiserver/failure.h"
#include "operator/apiserver/json.h"
#include "operator/apiserver/kinds.h"
#include "operator/apiserver/store.h"
#include "runtime/base/clock.h"

namespace penstock::apiserver {

struct DeleteOptions {
  enum class Propagation { kBackground, kForeground, kOrphan };
  Propagation propagation = Propagation::kBackground;
  std::optional<std::int64_t> grace_seconds;
  std::string uid;  // preconditions; empty: none
  std::string resource_version;
  bool dry_run = false;
};
Answer<DeleteOptions> parse_delete_options(const Json& body);

struct Deleted {
  Json object;        // as it is now, or was
  bool gone = false;  // removed at once; else it had something to wait for
};

// Ends objects: finalizers, grace of Pods, contents of namespaces, and the garbage collection of
// what the removed object owned. Everything that follows from a removal has happened when remove()
// returns. One caller at a time (the writer).
class Deletion {
 public:
  Deletion(Store& store, const KindTable& kinds, Clock& clock)
      : store_(store), kinds_(kinds), clock_(clock) {}

  Answer<Deleted> remove(const ObjectKey& key, const DeleteOptions& options);
  // To be called after a write: removes an object in deletion that has nothing left to wait for,
  // and one whose owners are all gone.
  void settle(const ObjectKey& key);
  // Settles everything; for the start.
  void settle_all();

 private:
  Answer<Deleted> begin(const ObjectKey& key, const Object& object, Json next,
                        const DeleteOptions& options);
  Answer<Deleted> finish(const ObjectKey& key, const Object& object);
  void settle_dependents(const std::string& uid);
  void settle_owners(const Json& object);
  void settle_namespace(const std::string& name_space);
  void settle_foreground(const ObjectKey& key, const Object& object);
  void orphan_dependents(const ObjectKey& key, const Object& object);
  void drop_finalizer(const ObjectKey& key, const std::string& name);
  void empty_namespace(const std::string& name_space);

  Store& store_;
  const KindTable& kinds_;
  Clock& clock_;
};

}  // namespace penstock::apiserver
