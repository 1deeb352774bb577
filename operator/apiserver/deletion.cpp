#include "operator/apiserver/deletion.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"
#include "operator/apiserver/managed_fields.h"
#include "operator/apiserver/time_text.h"
#include "runtime/base/log.h"

namespace penstock::apiserver {

namespace {

constexpr const char* kForeground = "foregroundDeletion";
constexpr const char* kOrphan = "orphan";

const KindDefinition* kind_of(const KindTable& kinds, const ObjectKey& key) {
  const auto found = std::ranges::find_if(
      kinds.all(), [&](const KindDefinition& kind) { return kind.storage_key() == key.kind; });
  return found == kinds.all().end() ? nullptr : &*found;
}

bool is_deleting(const Json& object) { return object["metadata"].contains("deletionTimestamp"); }

bool has_finalizer(const Json& object, const std::string& name) {
  const Json finalizers = object["metadata"].value("finalizers", Json::array());
  return std::ranges::find(finalizers, Json(name)) != finalizers.end();
}

bool has_finalizers(const Json& object) {
  return !object["metadata"].value("finalizers", Json::array()).empty();
}

void add_finalizer(Json& object, const char* name) {
  if (!has_finalizer(object, name)) object["metadata"]["finalizers"].push_back(name);
}

// How long a Pod has to end; 0 when there is no process to wait for.
std::int64_t grace_of(const Json& pod, const DeleteOptions& options) {
  const std::string phase = text_at(pod, ".status.phase");
  const bool runs =
      !text_at(pod, ".spec.nodeName").empty() && phase != "Succeeded" && phase != "Failed";
  if (!runs) return 0;
  const Json* wanted = find_path(pod, ".spec.terminationGracePeriodSeconds");
  const std::int64_t usual =
      wanted != nullptr && wanted->is_number_integer() ? wanted->get<std::int64_t>() : 30;
  return std::max<std::int64_t>(0, options.grace_seconds.value_or(usual));
}

Failure store_failure(const Error& error) {
  return {error.code == Code::kConflict ? 409 : 500, "InternalError", error.message, ""};
}

bool names_owner(const Json& reference, const std::string& uid) {
  return text_at(reference, ".uid") == uid;
}

}  // namespace

Answer<DeleteOptions> parse_delete_options(const Json& body) {
  DeleteOptions options;
  const std::string kind = text_at(body, ".kind");
  if (!kind.empty() && kind != "DeleteOptions") {
    return bad_request("no kind \"" + kind + "\" is registered for version \"" +
                       text_at(body, ".apiVersion") + "\"");
  }
  const std::string propagation = text_at(body, ".propagationPolicy");
  if (propagation == "Foreground") options.propagation = DeleteOptions::Propagation::kForeground;
  if (propagation == "Orphan") options.propagation = DeleteOptions::Propagation::kOrphan;
  if (!propagation.empty() && propagation != "Foreground" && propagation != "Orphan" &&
      propagation != "Background") {
    return invalid(
        {"meta.k8s.io", "", "DeleteOptions", ""},
        {{"FieldValueNotSupported", "propagationPolicy",
          "Unsupported value: \"" + propagation +
              "\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""}});
  }
  if (const Json* orphan = find_path(body, ".orphanDependents");
      orphan != nullptr && *orphan == true) {
    if (!propagation.empty()) {
      return invalid({"meta.k8s.io", "", "DeleteOptions", ""},
                     {{"FieldValueInvalid", "propagationPolicy",
                       "Invalid value: \"" + propagation +
                           "\": orphanDependents and deletionPropagation cannot be both set"}});
    }
    options.propagation = DeleteOptions::Propagation::kOrphan;
  }
  if (const Json* grace = find_path(body, ".gracePeriodSeconds");
      grace != nullptr && grace->is_number_integer()) {
    options.grace_seconds = grace->get<std::int64_t>();
  }
  options.uid = text_at(body, ".preconditions.uid");
  options.resource_version = text_at(body, ".preconditions.resourceVersion");
  if (const Json* dry_run = find_path(body, ".dryRun"); dry_run != nullptr && dry_run->is_array()) {
    options.dry_run = !dry_run->empty();
  }
  return options;
}

Answer<Deleted> Deletion::remove(const ObjectKey& key, const DeleteOptions& options) {
  const KindDefinition* kind = kind_of(kinds_, key);
  const Object object = store_.get(key);
  if (object == nullptr || kind == nullptr) {
    return not_found(kind == nullptr ? ObjectName{"", key.kind, "", key.name}
                                     : kind->named(key.name));
  }
  const std::string uid = text_at(*object, ".metadata.uid");
  const std::string version = text_at(*object, ".metadata.resourceVersion");
  const ObjectName named{kind->group, kind->kind, kind->kind,
                         key.name};  // the Kind stands here, in these two
  if (!options.uid.empty() && options.uid != uid) {
    return conflict(named, "the UID in the precondition (" + options.uid +
                               ") does not match the UID in record (" + uid +
                               "). The object might have been deleted and then recreated");
  }
  if (!options.resource_version.empty() && options.resource_version != version) {
    return conflict(named, "the ResourceVersion in the precondition (" + options.resource_version +
                               ") does not match the ResourceVersion in record (" + version +
                               "). The object might have been modified");
  }
  if (options.dry_run) return Deleted{*object, true};
  Json next = *object;
  if (options.propagation == DeleteOptions::Propagation::kForeground)
    add_finalizer(next, kForeground);
  if (options.propagation == DeleteOptions::Propagation::kOrphan) add_finalizer(next, kOrphan);
  const bool is_pod = key.kind == "pods";
  const bool is_namespace = key.kind == "namespaces";
  const std::int64_t grace = is_pod ? grace_of(*object, options) : 0;
  const bool shorter =
      is_deleting(*object) &&
      grace < (*object)["metadata"].value("deletionGracePeriodSeconds", std::int64_t{0});
  if (is_deleting(*object) && has_finalizers(*object) == has_finalizers(next) && !shorter &&
      (grace > 0 || has_finalizers(next) || is_namespace)) {
    return Deleted{*object, false};  // already on its way
  }
  const bool at_once = grace == 0 && !has_finalizers(next) && !is_namespace;
  if (at_once && !is_pod) return finish(key, object);
  next["metadata"]["deletionTimestamp"] = to_timestamp(clock_.now() + grace * 1000);
  if (!is_namespace) next["metadata"]["deletionGracePeriodSeconds"] = grace;
  if (is_namespace) next["status"]["phase"] = "Terminating";
  if (kind->has_generation && !is_deleting(*object)) {
    next["metadata"]["generation"] = next["metadata"].value("generation", std::int64_t{0}) + 1;
  }
  if (!at_once) return begin(key, object, std::move(next), options);
  auto gone = finish(key, object);  // of a Pod is told how it went
  if (gone) gone->object = std::move(next);
  return gone;
}

Answer<Deleted> Deletion::begin(const ObjectKey& key, const Object& object, Json next,
                                const DeleteOptions& options) {
  auto stored = store_.put(key, object, std::move(next));
  if (!stored) return store_failure(stored.error());
  if (key.kind == "namespaces") empty_namespace(key.name);
  if (options.propagation == DeleteOptions::Propagation::kOrphan) orphan_dependents(key, *stored);
  if (options.propagation == DeleteOptions::Propagation::kForeground)
    settle_foreground(key, *stored);
  return Deleted{**stored, false};
}

Answer<Deleted> Deletion::finish(const ObjectKey& key, const Object& object) {
  auto removed = store_.remove(key, object);
  if (!removed) return store_failure(removed.error());
  settle_dependents(text_at(*object, ".metadata.uid"));
  settle_owners(*object);
  if (!key.name_space.empty()) settle_namespace(key.name_space);
  return Deleted{**removed, true};
}

void Deletion::settle(const ObjectKey& key) {
  const Object object = store_.get(key);
  if (object == nullptr) return;
  if (key.kind == "namespaces") {
    if (is_deleting(*object)) settle_namespace(key.name);
    return;
  }
  if (is_deleting(*object)) {
    const bool waits =
        (*object)["metadata"].value("deletionGracePeriodSeconds", std::int64_t{0}) > 0 &&
        key.kind == "pods";
    if (has_finalizer(*object, kForeground)) return settle_foreground(key, object);
    if (!has_finalizers(*object) && !waits) (void)finish(key, object);
    return;
  }
  const Json owners = (*object)["metadata"].value("ownerReferences", Json::array());
  const bool orphaned = !owners.empty() && std::ranges::none_of(owners, [&](const Json& owner) {
    return store_.has_uid(text_at(owner, ".uid"));
  });
  if (orphaned) {
    log::info("collected an object without owners", {{"kind", key.kind}, {"name", key.name}});
    (void)remove(key, {});
  }
}

void Deletion::settle_all() {
  for (const KindDefinition& kind : kinds_.all()) {
    for (const Object& object : store_.list(kind.storage_key(), std::nullopt).objects) {
      settle({kind.storage_key(), text_at(*object, ".metadata.namespace"),
              text_at(*object, ".metadata.name")});
    }
  }
}

void Deletion::settle_dependents(const std::string& uid) {
  for (const ObjectKey& key : store_.owned_by(uid)) settle(key);
}

void Deletion::settle_owners(const Json& object) {
  const std::string space = text_at(object, ".metadata.namespace");
  for (const Json& owner : object["metadata"].value("ownerReferences", Json::array())) {
    const KindDefinition* kind =
        kinds_.find_kind(text_at(owner, ".apiVersion"), text_at(owner, ".kind"));
    if (kind == nullptr) continue;
    const ObjectKey key{kind->storage_key(), kind->namespaced ? space : "",
                        text_at(owner, ".name")};
    const Object found = store_.get(key);
    if (found != nullptr && is_deleting(*found)) settle(key);
  }
}

void Deletion::settle_namespace(const std::string& name_space) {
  const ObjectKey key{"namespaces", "", name_space};
  const Object object = store_.get(key);
  if (object != nullptr && is_deleting(*object) && store_.in_namespace(name_space).empty()) {
    (void)finish(key, object);
  }
}

void Deletion::empty_namespace(const std::string& name_space) {
  for (const ObjectKey& key : store_.in_namespace(name_space)) {
    if (store_.get(key) != nullptr) (void)remove(key, {});
  }
  settle_namespace(name_space);
}

// Deletes what blocks the object; lets it go when nothing does any more.
void Deletion::settle_foreground(const ObjectKey& key, const Object& object) {
  const std::string uid = text_at(*object, ".metadata.uid");
  for (const ObjectKey& dependent : store_.owned_by(uid)) {
    const Object found = store_.get(dependent);
    DeleteOptions options;
    options.propagation = DeleteOptions::Propagation::kForeground;
    if (found != nullptr && !is_deleting(*found)) (void)remove(dependent, options);
  }
  const auto left = store_.owned_by(uid);
  const bool blocked = std::ranges::any_of(left, [&](const ObjectKey& dependent) {
    const Object found = store_.get(dependent);
    if (found == nullptr) return false;
    const Json owners = (*found)["metadata"].value("ownerReferences", Json::array());
    return std::ranges::any_of(owners, [&](const Json& owner) {
      return names_owner(owner, uid) && owner.value("blockOwnerDeletion", false);
    });
  });
  if (!blocked) drop_finalizer(key, kForeground);
}

void Deletion::orphan_dependents(const ObjectKey& key, const Object& object) {
  const std::string uid = text_at(*object, ".metadata.uid");
  for (const ObjectKey& dependent : store_.owned_by(uid)) {
    const Object found = store_.get(dependent);
    if (found == nullptr) continue;
    Json next = *found;
    Json& owners = next["metadata"]["ownerReferences"];
    owners.erase(std::remove_if(owners.begin(), owners.end(),
                                [&](const Json& owner) { return names_owner(owner, uid); }),
                 owners.end());
    if (owners.empty()) next["metadata"].erase("ownerReferences");
    if (const KindDefinition* kind = kind_of(kinds_, dependent))
      track_update(*found, next, *kind->schema,
                   {"penstock", kind->api_version(), "", to_timestamp(clock_.now())});
    (void)store_.put(dependent, found, std::move(next));
  }
  drop_finalizer(key, kOrphan);
}

void Deletion::drop_finalizer(const ObjectKey& key, const std::string& name) {
  const Object object = store_.get(key);
  if (object == nullptr || !has_finalizer(*object, name)) return;
  Json next = *object;
  Json& finalizers = next["metadata"]["finalizers"];
  finalizers.erase(std::remove(finalizers.begin(), finalizers.end(), Json(name)), finalizers.end());
  if (!finalizers.empty()) {
    (void)store_.put(key, object, std::move(next));
    return;
  }
  (void)finish(key, object);
}

}  // namespace penstock::apiserver
