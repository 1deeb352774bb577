#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/apiserver/json.h"
#include "runtime/base/result.h"

namespace penstock::apiserver {

struct ObjectKey {
  std::string kind;        // KindDefinition::storage_key()
  std::string name_space;  // empty for cluster-scoped kinds
  std::string name;
  friend auto operator<=>(const ObjectKey&, const ObjectKey&) = default;
};

using Revision = std::uint64_t;
using Object = std::shared_ptr<const Json>;  // with its metadata.resourceVersion

struct Change {
  enum class Type { kAdded, kModified, kDeleted };
  Revision revision = 0;
  Type type = Type::kAdded;
  ObjectKey key;
  Object object;  // the new version; of a deleted object the last one, with the revision of the
                  // deletion
  Object before;  // the version before; null when added
};

struct Listing {
  Revision revision = 0;
  std::vector<Object> objects;  // by namespace, then name
};

// The objects of the cluster: SQLite on disk (WAL; what was answered survives the death of the
// process), all of it in memory too. Every write gets the next revision, which is its object's
// resourceVersion. The last changes of each kind are kept for watches. Any thread.
class Store {
 public:
  // Makes the file when it is not there. kCorrupt when it is not ours; kUnavailable when another
  // process has it.
  static Result<std::unique_ptr<Store>> open(const std::string& path, std::size_t history = 4096);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Object get(const ObjectKey& key) const;  // null when absent
  Listing list(const std::string& kind, const std::optional<std::string>& name_space) const;
  // The same as it was at `revision`; nothing when the changes since are no longer known.
  std::optional<Listing> list_at(const std::string& kind,
                                 const std::optional<std::string>& name_space,
                                 Revision revision) const;
  Revision revision() const;
  // Keys of the objects whose ownerReferences name `uid`.
  std::vector<ObjectKey> owned_by(const std::string& uid) const;
  // Keys of everything in a namespace.
  std::vector<ObjectKey> in_namespace(const std::string& name_space) const;
  bool has_uid(const std::string& uid) const;

  // Writes `object`, if what is stored now is still `expected` (null: nothing is). kConflict
  // otherwise.
  Result<Object> put(const ObjectKey& key, const Object& expected, Json object);
  // Deletes likewise; returns the object as its deletion is told to watchers.
  Result<Object> remove(const ObjectKey& key, const Object& expected);

  // Watches: `wake` is called (by the writing thread; it must return at once) after each change of
  // the kind. Dropping the handle ends it; a call may still be under way in another thread then.
  using Subscription = std::shared_ptr<void>;
  Subscription subscribe(const std::string& kind, std::function<void()> wake);
  // Up to `limit` changes of `kind` after `after`, oldest first; nothing when that is no longer
  // known.
  std::optional<std::vector<Change>> changes(const std::string& kind, Revision after,
                                             std::size_t limit) const;

 private:
  class Impl;
  explicit Store(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace penstock::apiserver
