#include "operator/apiserver/store.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "operator/apiserver/database.h"
#include "operator/apiserver/json_path.h"
#include "runtime/base/guarded.h"

namespace penstock::apiserver {

namespace {

std::vector<std::string> owners_of(const Json& object) {
  std::vector<std::string> uids;
  const Json* owners = find_path(object, ".metadata.ownerReferences");
  if (owners == nullptr || !owners->is_array()) return uids;
  for (const Json& owner : *owners) uids.push_back(text_at(owner, ".uid"));
  return uids;
}

struct Kind {
  std::map<std::pair<std::string, std::string>, Object> objects;  // by namespace and name
  std::deque<Change> history;
  Revision forgotten = 0;  // changes up to this one are not in `history`
  std::map<std::uint64_t, std::function<void()>> watchers;
};

using Wakers = std::vector<std::function<void()>>;

class State {
 public:
  State(Database database, std::size_t history) : database_(std::move(database)), limit_(history) {}

  Status load() {
    TRY_ASSIGN(std::vector<StoredRow> rows, database_.load());
    for (StoredRow& row : rows) {
      Json json = Json::parse(row.json, nullptr, false);
      if (json.is_discarded()) {
        return Error{Code::kCorrupt, "stored object is not JSON: " + row.kind + " " + row.name};
      }
      keep({row.kind, row.name_space, row.name}, std::make_shared<const Json>(std::move(json)));
    }
    TRY_ASSIGN(revision_, database_.revision());
    started_at_ = revision_;
    return ok();
  }

  Object get(const ObjectKey& key) const {
    const auto kind = kinds_.find(key.kind);
    if (kind == kinds_.end()) return nullptr;
    const auto found = kind->second.objects.find({key.name_space, key.name});
    return found == kind->second.objects.end() ? nullptr : found->second;
  }

  Listing list(const std::string& name, const std::optional<std::string>& name_space) const {
    Listing listing{revision_, {}};
    const auto kind = kinds_.find(name);
    if (kind == kinds_.end()) return listing;
    const auto& objects = kind->second.objects;
    auto it = name_space ? objects.lower_bound({*name_space, ""}) : objects.begin();
    for (; it != objects.end() && (!name_space || it->first.first == *name_space); ++it) {
      listing.objects.push_back(it->second);
    }
    return listing;
  }

  // Undoes what has happened since, the newest change first.
  std::optional<Listing> list_at(const std::string& name,
                                 const std::optional<std::string>& name_space,
                                 Revision revision) const {
    const auto since = changes(name, revision, std::numeric_limits<std::size_t>::max());
    if (!since) return std::nullopt;
    const auto kind = kinds_.find(name);
    std::map<std::pair<std::string, std::string>, Object> objects;
    if (kind != kinds_.end()) objects = kind->second.objects;
    for (auto change = since->rbegin(); change != since->rend(); ++change) {
      const std::pair place(change->key.name_space, change->key.name);
      if (change->before) {
        objects[place] = change->before;
      } else {
        objects.erase(place);
      }
    }
    Listing listing{revision, {}};
    for (const auto& [place, object] : objects) {
      if (!name_space || place.first == *name_space) listing.objects.push_back(object);
    }
    return listing;
  }

  Result<Object> write(const ObjectKey& key, const Object& expected, std::optional<Json> object,
                       Wakers& wake) {
    const Object before = get(key);
    if (before != expected)
      return Error{Code::kConflict, "written by somebody else meanwhile: " + key.name};
    const bool deleted = !object.has_value();
    Json json;
    if (deleted)
      json = *before;
    else
      json = std::move(*object);
    json["metadata"]["resourceVersion"] = std::to_string(revision_ + 1);
    const StoredRow row{key.kind, key.name_space, key.name, deleted ? std::string() : json.dump()};
    TRY(database_.write(row, deleted, revision_ + 1));
    ++revision_;
    const auto stored = std::make_shared<const Json>(std::move(json));
    if (before) forget(key, *before);
    if (!deleted) keep(key, stored);
    const Change::Type type = deleted  ? Change::Type::kDeleted
                              : before ? Change::Type::kModified
                                       : Change::Type::kAdded;
    record(Change{revision_, type, key, stored, before});
    for (const auto& [id, call] : kinds_[key.kind].watchers) wake.push_back(call);
    return Object(stored);
  }

  std::optional<std::vector<Change>> changes(const std::string& name, Revision after,
                                             std::size_t limit) const {
    const auto kind = kinds_.find(name);
    const Revision forgotten = kind == kinds_.end() ? 0 : kind->second.forgotten;
    if (after < std::max(forgotten, started_at_)) return std::nullopt;
    std::vector<Change> found;
    if (kind == kinds_.end()) return found;
    const auto& history = kind->second.history;
    auto it = std::ranges::upper_bound(history, after, {}, &Change::revision);
    for (; it != history.end() && found.size() < limit; ++it) found.push_back(*it);
    return found;
  }

  Revision revision() const { return revision_; }
  bool has_uid(const std::string& uid) const { return uids_.contains(uid); }

  std::vector<ObjectKey> owned_by(const std::string& uid) const {
    const auto found = by_owner_.find(uid);
    if (found == by_owner_.end()) return {};
    return {found->second.begin(), found->second.end()};
  }

  std::vector<ObjectKey> in_namespace(const std::string& name_space) const {
    std::vector<ObjectKey> keys;
    for (const auto& [kind, content] : kinds_) {
      for (auto it = content.objects.lower_bound({name_space, ""});
           it != content.objects.end() && it->first.first == name_space; ++it) {
        keys.push_back({kind, name_space, it->first.second});
      }
    }
    return keys;
  }

  std::uint64_t add_watcher(const std::string& kind, std::function<void()> wake) {
    kinds_[kind].watchers.emplace(next_watcher_, std::move(wake));
    return next_watcher_++;
  }
  void drop_watcher(const std::string& kind, std::uint64_t id) { kinds_[kind].watchers.erase(id); }

 private:
  void keep(const ObjectKey& key, const Object& object) {
    kinds_[key.kind].objects[{key.name_space, key.name}] = object;
    uids_.insert(text_at(*object, ".metadata.uid"));
    for (const std::string& uid : owners_of(*object)) by_owner_[uid].insert(key);
  }

  void forget(const ObjectKey& key, const Json& object) {
    kinds_[key.kind].objects.erase({key.name_space, key.name});
    uids_.erase(text_at(object, ".metadata.uid"));
    for (const std::string& uid : owners_of(object)) {
      auto& owned = by_owner_[uid];
      owned.erase(key);
      if (owned.empty()) by_owner_.erase(uid);
    }
  }

  void record(Change change) {
    Kind& kind = kinds_[change.key.kind];
    kind.history.push_back(std::move(change));
    if (kind.history.size() > limit_) {
      kind.forgotten = kind.history.front().revision;
      kind.history.pop_front();
    }
  }

  Database database_;
  std::size_t limit_;
  std::map<std::string, Kind> kinds_;
  std::map<std::string, std::set<ObjectKey>> by_owner_;
  std::set<std::string> uids_;
  Revision revision_ = 0;
  Revision started_at_ = 0;
  std::uint64_t next_watcher_ = 1;
};

}  // namespace

class Store::Impl {
 public:
  explicit Impl(State loaded) : state(std::move(loaded)) {}
  Guarded<State> state;
};

Store::Store(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const std::string& path, std::size_t history) {
  TRY_ASSIGN(Database database, Database::open(path));
  State state(std::move(database), history);
  TRY(state.load());
  return std::unique_ptr<Store>(new Store(std::make_shared<Impl>(std::move(state))));
}

Object Store::get(const ObjectKey& key) const {
  return impl_->state.with([&](const State& state) { return state.get(key); });
}

Listing Store::list(const std::string& kind, const std::optional<std::string>& name_space) const {
  return impl_->state.with([&](const State& state) { return state.list(kind, name_space); });
}

std::optional<Listing> Store::list_at(const std::string& kind,
                                      const std::optional<std::string>& name_space,
                                      Revision revision) const {
  return impl_->state.with(
      [&](const State& state) { return state.list_at(kind, name_space, revision); });
}

Revision Store::revision() const {
  return impl_->state.with([](const State& state) { return state.revision(); });
}

std::vector<ObjectKey> Store::owned_by(const std::string& uid) const {
  return impl_->state.with([&](const State& state) { return state.owned_by(uid); });
}

std::vector<ObjectKey> Store::in_namespace(const std::string& name_space) const {
  return impl_->state.with([&](const State& state) { return state.in_namespace(name_space); });
}

bool Store::has_uid(const std::string& uid) const {
  return impl_->state.with([&](const State& state) { return state.has_uid(uid); });
}

Result<Object> Store::put(const ObjectKey& key, const Object& expected, Json object) {
  Wakers wakers;
  auto written = impl_->state.with(
      [&](State& state) { return state.write(key, expected, std::move(object), wakers); });
  for (const auto& wake : wakers) wake();
  return written;
}

Result<Object> Store::remove(const ObjectKey& key, const Object& expected) {
  Wakers wakers;
  auto removed = impl_->state.with(
      [&](State& state) { return state.write(key, expected, std::nullopt, wakers); });
  for (const auto& wake : wakers) wake();
  return removed;
}

Store::Subscription Store::subscribe(const std::string& kind, std::function<void()> wake) {
  const std::uint64_t id =
      impl_->state.with([&](State& state) { return state.add_watcher(kind, std::move(wake)); });
  const std::weak_ptr<Impl> weak = impl_;
  return Subscription(nullptr, [weak, kind, id](void*) {
    if (const auto impl = weak.lock())
      impl->state.with([&](State& state) { state.drop_watcher(kind, id); });
  });
}

std::optional<std::vector<Change>> Store::changes(const std::string& kind, Revision after,
                                                  std::size_t limit) const {
  return impl_->state.with([&](const State& state) { return state.changes(kind, after, limit); });
}

}  // namespace penstock::apiserver
