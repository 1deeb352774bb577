#include "operator/apiserver/writes.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/field_set.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/managed_fields.h"
#include "operator/apiserver/metadata.h"
#include "operator/apiserver/schema.h"
#include "operator/apiserver/time_text.h"

namespace penstock::apiserver {

namespace {

// As Go prints it: "/v1" for the core group.
std::string group_version(const KindDefinition& kind) { return kind.group + "/" + kind.version; }

FieldManager manager_of(const WriteContext& context) {
  return {context.options.field_manager, context.kind.api_version(), context.subresource,
          context.subresource == "scale" ? "" : to_timestamp(context.now)};
}

Failure strict_failure(const WriteContext& context, const Json& object,
                       const std::vector<std::string>& unknown) {
  std::string list;
  for (const std::string& field : unknown)
    list += (list.empty() ? "" : ", ") + std::string("unknown field \"") + field + "\"";
  if (!context.is_patch) {
    return bad_request(context.kind.kind + " in version \"" + context.kind.version +
                       "\" cannot be handled as a " + context.kind.kind +
                       ": strict decoding error: " + list);
  }
  return invalid(
      {}, {{"FieldValueInvalid", "patch",
            "Invalid value: " + Json(object.dump()).dump() + ": strict decoding error: " + list}});
}

// Prunes, reports what was pruned, drops nulls, fills in defaults.
Answer<std::vector<std::string>> normalise(const WriteContext& context, Json& object) {
  std::vector<std::string> unknown = prune_metadata(object);
  const Json given = object;
  if (context.kind.strict_schema) {
    for (std::string& path : prune(object, *context.kind.schema))
      unknown.push_back(std::move(path));
  }
  if (!unknown.empty() && context.options.validation == FieldValidation::kStrict) {
    return strict_failure(context, given, unknown);
  }
  std::vector<std::string> warnings;
  if (context.options.validation == FieldValidation::kWarn) {
    for (const std::string& field : unknown) warnings.push_back("unknown field \"" + field + "\"");
  }
  drop_nulls(object, *context.kind.schema);
  apply_defaults(object, *context.kind.schema);
  return warnings;
}

Answer<bool> check(const WriteContext& context, const Json& object, const Json* before) {
  std::vector<FieldError> errors = validate_metadata(object);
  if (context.kind.custom) {
    Json checked = object;
    if (context.kind.has_status && context.subresource != "status") checked.erase("status");
    if (context.subresource == "status") {
      for (auto it = checked.begin(); it != checked.end();) {
        it = it.key() == "status" ? std::next(it) : checked.erase(it);
      }
    }
    for (FieldError& error : validate(checked, *context.kind.schema)) {
      const bool other_part = context.subresource == "status" && !error.field.starts_with("status");
      if (!other_part) errors.push_back(std::move(error));
    }
    if (errors.size() == 1 && errors.front().field == "<nil>") errors.clear();
  }
  if (context.subresource != "resize") {
    for (FieldError& error : validate_builtin(context.kind, object, before))
      errors.push_back(std::move(error));
  }
  if (before != nullptr && before->at("metadata").contains("deletionTimestamp")) {
    const Json now = object["metadata"].value("finalizers", Json::array());
    const Json had = (*before)["metadata"].value("finalizers", Json::array());
    std::string added;
    for (const Json& item : now) {
      if (std::ranges::find(had, item) == had.end())
        added += (added.empty() ? "" : ", ") + item.dump();
    }
    if (!added.empty()) {
      errors.push_back(
          {"FieldValueForbidden", "metadata.finalizers",
           "Forbidden: no new finalizers can be added if the object is being deleted, found new "
           "finalizers []string{" +
               added + "}"});
    }
  }
  if (!errors.empty())
    return invalid(context.kind.named(object["metadata"].value("name", "")), errors);
  return true;
}

// What counts for generation: everything but metadata and, where it is apart, status.
Json desired_part(const KindDefinition& kind, const Json& object) {
  Json part = object;
  part.erase("metadata");
  if (kind.has_status) part.erase("status");
  return part;
}

void keep_member(Json& object, const Json& old, const char* name) {
  if (old.contains(name)) {
    object[name] = old[name];
  } else {
    object.erase(name);
  }
}

// The parts that this subresource may write, from `next`; everything else from `old`.
Json writable_part(const WriteContext& context, const Json& old, Json next) {
  if (context.subresource == "status") {
    Json object = old;
    keep_member(object, next, "status");
    if (context.is_apply) keep_member(object["metadata"], next["metadata"], "managedFields");
    return object;
  }
  if (context.subresource == "resize") {
    Json object = old;
    const Json* wanted = find_path(next, ".spec.containers");
    for (Json& container : object["spec"]["containers"]) {
      for (std::size_t i = 0; wanted != nullptr && i < wanted->size(); ++i) {
        const Json& one = (*wanted)[i];
        if (one.value("name", "") != container.value("name", "")) continue;
        for (const char* name : {"resources", "resizePolicy"}) {
          if (one.contains(name)) container[name] = one[name];
        }
      }
    }
    return object;
  }
  if (context.kind.has_status) keep_member(next, old, "status");
  return next;
}

// managedFields as the body wants them: a list that empties it, or else what is stored.
void settle_managed_fields(Json& metadata, const Json& old) {
  const bool cleared = metadata.contains("managedFields") && metadata["managedFields"].is_array() &&
                       (metadata["managedFields"].empty() ||
                        metadata["managedFields"] == Json::array({Json::object()}));
  const bool well_formed = metadata.contains("managedFields") &&
                           std::ranges::all_of(metadata["managedFields"], [](const Json& entry) {
                             const std::string operation =
                                 entry.is_object() ? entry.value("operation", "") : "";
                             return operation == "Apply" || operation == "Update";
                           });
  if (cleared) {
    metadata.erase("managedFields");
  } else if (!well_formed) {
    keep_member(metadata, old, "managedFields");
  }
}

void keep_system_metadata(Json& next, const Json& old) {
  Json& metadata = next["metadata"];
  const Json& before = old["metadata"];
  for (const char* name :
       {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "resourceVersion",
        "deletionGracePeriodSeconds", "generation", "generateName"}) {
    keep_member(metadata, before, name);
  }
  for (const char* name : {"labels", "annotations", "finalizers", "ownerReferences"}) {
    if (metadata.contains(name) && metadata[name].empty()) metadata.erase(name);
  }
}

Answer<bool> check_versions(const WriteContext& context, const Json& old, const Json& next) {
  std::string sent = text_at(next, ".metadata.resourceVersion");
  const ObjectName named = context.kind.named(context.name);
  const std::string uid = text_at(next, ".metadata.uid");
  const std::string had = text_at(old, ".metadata.uid");
  if (!uid.empty() && uid != had) {
    return conflict(
        named, "Precondition failed: UID in precondition: " + uid + ", UID in object meta: " + had);
  }
  if (sent == "0") sent.clear();
  const bool needs_version =
      !context.is_patch && (context.kind.custom || context.kind.plural == "leases");
  if (sent.empty() && needs_version) {
    const ObjectName plural{named.group, named.plural, named.plural, named.name};
    return invalid(plural, {{"FieldValueInvalid", "metadata.resourceVersion",
                             "Invalid value: 0: must be specified for an update"}});
  }
  if (sent.find_first_not_of("0123456789") != std::string::npos) {
    return Failure{500, "", "strconv.ParseUint: parsing \"" + sent + "\": invalid syntax", ""};
  }
  if (!sent.empty() && sent != text_at(old, ".metadata.resourceVersion")) return modified(named);
  return true;
}

// What a new object is compared with to tell what its maker has set: the parts of built-in types
// that are always there, and a status that is not the maker's.
Json empty_object(const KindDefinition& kind, const Json& object) {
  Json empty{{"metadata", Json::object()}};
  if (kind.custom) return empty;
  if ((*kind.schema)["properties"].contains("spec")) empty["spec"] = Json::object();
  if (kind.plural == "pods") empty["spec"]["containers"] = Json::array();
  if (kind.plural == "namespaces") empty["spec"] = object["spec"];
  if (kind.has_status && object.contains("status")) empty["status"] = object["status"];
  return empty;
}

void set_identity(const WriteContext& context, Json& object) {
  Json& metadata = object["metadata"];
  if (text_at(object, ".metadata.name").empty() &&
      !text_at(object, ".metadata.generateName").empty()) {
    metadata["name"] = text_at(object, ".metadata.generateName") + context.name_suffix;
  }
  if (context.kind.namespaced) metadata["namespace"] = context.name_space;
  for (const char* name : {"resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds",
                           "selfLink", "generation", "managedFields"}) {
    metadata.erase(name);
  }
  metadata["uid"] = context.uid;
  metadata["creationTimestamp"] = to_timestamp(context.now);
  if (context.kind.has_generation) metadata["generation"] = 1;
}

}  // namespace

namespace {

// A shape that Go could not have decoded: who has sent a patch is told so of the patch.
Failure misshapen(const WriteContext& context, const Json& body, const Failure& why) {
  if (context.is_apply)
    return Failure{500, "",
                   "failed to create typed patch object (" + text_at(body, ".metadata.namespace") +
                       "/" + context.name + "; " + group_version(context.kind) +
                       ", Kind=" + context.kind.kind + "): " + why.message,
                   ""};
  if (!context.is_patch) return why;
  return invalid({}, {{"FieldValueInvalid", "patch",
                       "Invalid value: " + Json(body.dump()).dump() + ": " + why.message}});
}

}  // namespace

Answer<Json> match_body(const WriteContext& context, Json body) {
  const KindDefinition& kind = context.kind;
  if (text_at(body, ".kind").empty()) {
    return bad_request("the object provided is unrecognized (must be of type " + kind.kind +
                       "): Object 'Kind' is missing in '" + body.dump().substr(0, 200) + "'");
  }
  const bool other =
      text_at(body, ".apiVersion") != kind.api_version() || body["kind"] != kind.kind;
  if (!kind.custom && other) {
    const std::string version = text_at(body, ".apiVersion");
    return bad_request(text_at(body, ".kind") + " in version \"" +
                       version.substr(version.find('/') + 1) + "\" cannot be handled as a " +
                       kind.kind + ": the kind is another one");
  }
  if (text_at(body, ".apiVersion") != kind.api_version()) {
    return bad_request("the API version in the data (" + text_at(body, ".apiVersion") +
                       ") does not match the expected API version (" + kind.api_version() + ")");
  }
  auto types = check_metadata_types(body, kind.kind, kind.version);
  if (!types) return types.error();
  if (!body.contains("metadata")) body["metadata"] = Json::object();
  if (auto shapes = check_builtin_types(kind, body); !shapes)
    return misshapen(context, body, shapes.error());
  if (body["kind"] != kind.kind) {
    return invalid(kind.named(text_at(body, ".metadata.name")),
                   {{"FieldValueInvalid", "kind",
                     "Invalid value: " + body["kind"].dump() + ": must be " + kind.kind}});
  }
  const std::string name = text_at(body, ".metadata.name");
  if (!context.name.empty() && !name.empty() && name != context.name) {
    return bad_request("the name of the object (" + name +
                       ") does not match the name on the URL (" + context.name + ")");
  }
  if (!context.name.empty()) body["metadata"]["name"] = context.name;
  const std::string space = text_at(body, ".metadata.namespace");
  if (kind.namespaced && !space.empty() && space != context.name_space) {
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  return body;
}

Answer<Prepared> prepare_create(const WriteContext& context, Json body) {
  if (!text_at(body, ".metadata.resourceVersion").empty()) {
    return Failure{500, "", "resourceVersion should not be set on objects to be created", ""};
  }
  Prepared prepared;
  prepared.object = std::move(body);
  Json& object = prepared.object;
  if (context.kind.has_status) object.erase("status");
  auto warnings = normalise(context, object);
  if (!warnings) return warnings.error();
  prepared.warnings = std::move(*warnings);
  const Json managed = object["metadata"].value("managedFields", Json());
  set_identity(context, object);
  complete_builtin(context.kind, object, nullptr);
  if (auto fine = check(context, object, nullptr); !fine) return fine.error();
  if (context.is_apply) {
    object["metadata"]["managedFields"] = managed;
  } else {
    track_update(empty_object(context.kind, object), object, *context.kind.schema,
                 manager_of(context));
  }
  return prepared;
}

Answer<Prepared> prepare_update(const WriteContext& context, const Json& old, Json next) {
  if (auto fine = check_versions(context, old, next); !fine) return fine.error();
  Prepared prepared;
  prepared.object = writable_part(context, old, std::move(next));
  Json& object = prepared.object;
  if (!object.contains("metadata")) object["metadata"] = Json::object();
  auto warnings = normalise(context, object);
  if (!warnings) return warnings.error();
  prepared.warnings = std::move(*warnings);
  complete_builtin(context.kind, object, &old);
  keep_system_metadata(object, old);
  Json& metadata = object["metadata"];
  const bool had_fields = old["metadata"].contains("managedFields");
  if (!context.is_apply) settle_managed_fields(metadata, old["metadata"]);
  const bool cleared = had_fields && !metadata.contains("managedFields");
  if (auto fine = check(context, object, &old); !fine) return fine.error();
  if (!context.is_apply && !cleared)
    track_update(old, object, *context.kind.schema, manager_of(context));
  prepared.spec_changed = desired_part(context.kind, object) != desired_part(context.kind, old);
  if (context.kind.has_generation && prepared.spec_changed) {
    metadata["generation"] = old["metadata"].value("generation", std::int64_t{0}) + 1;
  }
  prepared.unchanged = object == old;
  return prepared;
}

Answer<Prepared> prepare_apply(const WriteContext& context, const Json* old, Json body) {
  if (text_at(body, ".kind").empty() || text_at(body, ".apiVersion").empty()) {
    return bad_request("invalid object type: " + text_at(body, ".apiVersion") +
                       "/, Kind=" + text_at(body, ".kind"));
  }
  if (find_path(body, ".metadata.managedFields") != nullptr) {
    return bad_request("metadata.managedFields must be nil");
  }
  auto matched = match_body(context, std::move(body));
  if (!matched) return matched.error();
  body = std::move(*matched);
  if (context.kind.has_status && context.subresource.empty()) body.erase("status");
  if (context.subresource == "status") body.erase("spec");
  if (old == nullptr && !text_at(body, ".metadata.uid").empty()) {
    return conflict(context.kind.named(context.name),
                    "uid mismatch: the provided object specified uid " +
                        text_at(body, ".metadata.uid") + ", and no existing object was found");
  }
  if (context.kind.strict_schema) {
    const std::vector<std::string> undeclared = undeclared_fields(body, *context.kind.schema);
    if (!undeclared.empty()) {
      return Failure{500, "",
                     "failed to create typed patch object (" +
                         text_at(body, ".metadata.namespace") + "/" + context.name + "; " +
                         group_version(context.kind) + ", Kind=" + context.kind.kind +
                         "): " + undeclared.front() + ": field not declared in schema",
                     ""};
    }
  }
  if (old != nullptr) {
    if (auto fine = check_versions(context, *old, body); !fine) return fine.error();
    body["metadata"].erase("resourceVersion");
  }
  const Json live = old == nullptr ? Json{{"metadata", Json::object()}} : *old;
  auto merged =
      apply_fields(live, body, *context.kind.schema, manager_of(context), context.options.force);
  if (!merged) return merged.error();
  return old == nullptr ? prepare_create(context, std::move(*merged))
                        : prepare_update(context, *old, std::move(*merged));
}

}  // namespace penstock::apiserver
