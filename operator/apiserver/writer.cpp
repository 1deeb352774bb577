#include "operator/apiserver/writer.h"

#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/patch.h"
#include "operator/apiserver/service_rules.h"
#include "operator/apiserver/time_text.h"

namespace penstock::apiserver {

namespace {

constexpr Millis kEventLifetime = 3600 * 1000;

Failure store_failure(const WriteContext& context, const Error& error) {
  if (error.code == Code::kConflict) return modified(context.kind.named(context.name));
  return {500, "InternalError", error.message, ""};
}

// Clients see events of either group; the store holds core/v1.
Json to_stored(const KindDefinition& kind, Json object) {
  return kind.group == "events.k8s.io" ? event_to_core(object) : std::move(object);
}

Json crd_object(const KindDefinition& kind, const std::string& uid, Millis now) {
  Json crd = Json::parse(kind.crd);
  Json& metadata = crd["metadata"];
  metadata["uid"] = uid;
  metadata["generation"] = 1;
  metadata["creationTimestamp"] = to_timestamp(now);
  crd["spec"]["conversion"] = {{"strategy", "None"}};
  Json& names = crd["spec"]["names"];
  names["listKind"] = kind.list_kind;
  names["singular"] = kind.singular;
  const auto condition = [&](const char* type, const char* reason, const char* message) {
    return Json{{"type", type},
                {"status", "True"},
                {"reason", reason},
                {"message", message},
                {"lastTransitionTime", to_timestamp(now)}};
  };
  crd["status"] = {
      {"acceptedNames", names},
      {"storedVersions", Json::array({kind.version})},
      {"conditions", Json::array({condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                                  condition("Established", "InitialNamesAccepted",
                                            "the initial names have been accepted")})}};
  return crd;
}

}  // namespace

ObjectKey key_of(const Route& route) {
  return {route.kind->storage_key(), route.name_space, route.name};
}

std::string Writer::new_uid() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string uid;
  for (int i = 0; i < 36; ++i) {
    const std::uint64_t digit = i == 14 ? 4 : i == 19 ? 8 + random_.below(4) : random_.below(16);
    uid += i == 8 || i == 13 || i == 18 || i == 23 ? '-' : kDigits[digit];
  }
  return uid;
}

WriteContext Writer::context_of(const Route& route, const WriteOptions& options) {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += kLetters[random_.below(kLetters.size())];
  return {.kind = *route.kind,
          .options = options,
          .name_space = route.name_space,
          .name = route.name,
          .subresource = route.subresource,
          .uid = new_uid(),
          .name_suffix = suffix,
          .now = clock_.now()};
}

Status Writer::prepare_cluster() {
  const WriteOptions options{.validation = FieldValidation::kIgnore, .field_manager = "penstock"};
  const KindDefinition* spaces = kinds_.find("", "v1", "namespaces");
  for (const char* name : {"default", "kube-system"}) {
    if (store_.get({"namespaces", "", name}) != nullptr) continue;
    Json space{{"kind", "Namespace"}, {"apiVersion", "v1"}, {"metadata", {{"name", name}}}};
    if (const auto made = create({spaces, "", "", ""}, options, std::move(space)); !made) {
      return Error{Code::kUnavailable, made.error().message};
    }
  }
  for (const KindDefinition& kind : kinds_.all()) {
    if (!kind.custom) continue;
    const ObjectKey key{"customresourcedefinitions.apiextensions.k8s.io", "",
                        kind.plural + "." + kind.group};
    const Object stored = store_.get(key);
    Json crd = crd_object(kind, new_uid(), clock_.now());
    if (stored != nullptr && (*stored)["spec"] == crd["spec"]) continue;
    if (stored != nullptr) crd["metadata"] = (*stored)["metadata"];
    TRY(store_.put(key, stored, std::move(crd)));
  }
  deletion_.settle_all();
  refresh_derived();
  expire_events();
  return ok();
}

Answer<bool> Writer::check_namespace(const Route& route, const std::string& name) {
  if (!route.kind->namespaced) return true;
  const Object space = store_.get({"namespaces", "", route.name_space});
  if (space == nullptr) return not_found({"", "namespaces", "Namespace", route.name_space});
  if (!(*space)["metadata"].contains("deletionTimestamp")) return true;
  const std::string going = "unable to create new content in namespace " + route.name_space +
                            " because it is being terminated";
  const std::string resource =
      route.kind->plural + (route.kind->group.empty() ? "" : "." + route.kind->group);
  Json details{{"name", name},
               {"kind", route.kind->plural},
               {"causes",
                Json::array({{{"reason", "NamespaceTerminating"},
                              {"message", "namespace " + route.name_space + " is being terminated"},
                              {"field", "metadata.namespace"}}})}};
  return Failure{403, "Forbidden", resource + " \"" + name + "\" is forbidden: " + going,
                 details.dump()};
}

Answer<bool> Writer::admit(const WriteContext& context, const Json* old, Prepared& prepared) {
  if (!admission_ || !context.kind.custom || !context.subresource.empty() || !prepared.spec_changed)
    return true;
  AdmissionVerdict verdict =
      admission_(prepared.object.dump(), old == nullptr ? std::string() : old->dump());
  for (std::string& warning : verdict.warnings) prepared.warnings.push_back(std::move(warning));
  if (verdict.problems.empty()) return true;
  std::vector<FieldError> errors;
  for (const auto& problem : verdict.problems) {
    errors.push_back({"FieldValueInvalid", problem.field, "Invalid value: " + problem.message});
  }
  return invalid(context.kind.named(text_at(prepared.object, ".metadata.name")), errors);
}

// Gives what only the whole cluster can tell: addresses of Services.
Answer<bool> Writer::assign(const WriteContext& context, Json& object) {
  const bool service = context.kind.group.empty() && context.kind.plural == "services";
  if (!service || !context.subresource.empty()) return true;
  TakenAddresses taken;
  for (const Object& other : store_.list("services", std::nullopt).objects) {
    const bool same = (*other)["metadata"]["uid"] == object["metadata"]["uid"];
    if (!same) add_taken(*other, taken);
  }
  return assign_addresses(object, taken);
}

// Admits and stores what was prepared; `old` is null for a create.
Answer<Written> Writer::finish(const WriteContext& context, const Object& old, Prepared prepared) {
  if (auto admitted = admit(context, old.get(), prepared); !admitted) return admitted.error();
  if (auto fits = check_quotas(context, old.get(), prepared.object); !fits) return fits.error();
  const int status = old == nullptr ? 201 : 200;
  if (prepared.unchanged || context.options.dry_run) {
    return Written{std::move(prepared.object), status, std::move(prepared.warnings)};
  }
  const ObjectKey key{context.kind.storage_key(), context.kind.namespaced ? context.name_space : "",
                      text_at(prepared.object, ".metadata.name")};
  auto stored = store_.put(key, old, to_stored(context.kind, std::move(prepared.object)));
  if (!stored) return store_failure(context, stored.error());
  Json answer = **stored;
  if (context.kind.group == "events.k8s.io") answer = event_from_core(answer);
  deletion_.settle(key);
  refresh_derived();
  if (key.kind == "events" && old == nullptr && ++events_created_ % 256 == 0) expire_events();
  return Written{std::move(answer), status, std::move(prepared.warnings)};
}

Answer<Written> Writer::create(const Route& route, const WriteOptions& options, Json body) {
  const WriteContext context = context_of(route, options);
  auto matched = match_body(context, std::move(body));
  if (!matched) return matched.error();
  const std::string name = text_at(*matched, ".metadata.name");
  if (auto fine = check_namespace(route, name); !fine) return fine.error();
  if (store_.get({route.kind->storage_key(), route.name_space, name}) != nullptr) {
    return already_exists(route.kind->named(name));
  }
  if (route.kind->plural == "customresourcedefinitions") {
    return not_implemented(
        "this server serves the CustomResourceDefinitions that it was built with; \"" + name +
        "\" is none of them");
  }
  if (route.kind->group == "events.k8s.io") *matched = event_to_core(*matched);
  auto prepared = prepare_create(context, std::move(*matched));
  if (!prepared) return prepared.error();
  if (auto given = assign(context, prepared->object); !given) return given.error();
  return finish(context, nullptr, std::move(*prepared));
}

Answer<Written> Writer::update(const Route& route, const WriteContext& context, const Object& old,
                               Json next) {
  const bool crd = route.kind->plural == "customresourcedefinitions";
  if (crd && next.value("spec", Json()) != (*old)["spec"]) {
    return not_implemented("this server serves the CustomResourceDefinition \"" + route.name +
                           "\" as it was built; its spec cannot be changed");
  }
  if (route.kind->group == "events.k8s.io") next = event_to_core(next);
  auto prepared = prepare_update(context, *old, std::move(next));
  if (!prepared) return prepared.error();
  if (auto given = assign(context, prepared->object); !given) return given.error();
  return finish(context, old, std::move(*prepared));
}

Answer<Written> Writer::replace(const Route& route, const WriteOptions& options, Json body) {
  WriteContext context = context_of(route, options);
  const Object old = store_.get(key_of(route));
  if (old == nullptr) {
    if (route.kind->plural == "leases" && route.subresource.empty()) {
      return create({route.kind, route.name_space, "", ""}, options, std::move(body));
    }
    return not_found(route.kind->named(route.name));
  }
  if (route.subresource == "scale") return write_scale(route, context, old, body);
  auto matched = match_body(context, std::move(body));
  if (!matched) return matched.error();
  return update(route, context, old, std::move(*matched));
}

Answer<Written> Writer::patch(const Route& route, const WriteOptions& options, PatchType type,
                              const Json& patch) {
  WriteContext context = context_of(route, options);
  context.is_patch = true;
  context.is_apply = type == PatchType::kApply;
  const Object old = store_.get(key_of(route));
  if (type == PatchType::kApply && route.subresource != "scale") {
    if (old == nullptr) {
      if (!route.subresource.empty()) return not_found(route.kind->named(route.name));
      if (auto fine = check_namespace(route, route.name); !fine) return fine.error();
      if (route.kind->plural == "customresourcedefinitions") return create(route, options, patch);
    }
    auto prepared = prepare_apply(context, old.get(), patch);
    if (!prepared) return prepared.error();
    if (auto given = assign(context, prepared->object); !given) return given.error();
    return finish(context, old, std::move(*prepared));
  }
  if (old == nullptr) return not_found(route.kind->named(route.name));
  if (route.subresource == "scale") return patch_scale(route, context, old, type, patch);
  const Json seen = route.kind->group == "events.k8s.io" ? event_from_core(*old) : *old;
  auto next = type == PatchType::kJson    ? apply_json_patch(seen, patch)
              : type == PatchType::kMerge ? apply_merge_patch(seen, patch)
                                          : apply_strategic_patch(seen, patch, *route.kind->schema);
  if (!next) return next.error();
  auto matched = match_body(context, std::move(*next));
  if (!matched) return matched.error();
  return update(route, context, old, std::move(*matched));
}

Answer<Written> Writer::remove(const Route& route, const DeleteOptions& options) {
  const std::string& name = route.name;
  if (route.kind->plural == "namespaces" && (name == "default" || name == "kube-system")) {
    return Failure{403, "Forbidden",
                   "namespaces \"" + name + "\" is forbidden: this namespace may not be deleted",
                   Json{{"name", name}, {"kind", "namespaces"}}.dump()};
  }
  if (route.kind->plural == "customresourcedefinitions") {
    return not_implemented("deleting a CustomResourceDefinition that this server was built with");
  }
  auto deleted = deletion_.remove(key_of(route), options);
  refresh_derived();
  if (!deleted) return deleted.error();
  const std::string& plural = route.kind->plural;
  const bool answers_object = plural == "pods" || plural == "namespaces" || plural == "services" ||
                              plural == "resourcequotas";
  if (!deleted->gone || answers_object) return Written{std::move(deleted->object), 200, {}};
  Json details{{"name", name},
               {"kind", route.kind->plural},
               {"uid", text_at(deleted->object, ".metadata.uid")}};
  if (!route.kind->group.empty()) details["group"] = route.kind->group;
  return Written{Json{{"kind", "Status"},
                      {"apiVersion", "v1"},
                      {"metadata", Json::object()},
                      {"status", "Success"},
                      {"details", details}},
                 200,
                 {}};
}

Answer<Written> Writer::remove_all(const std::vector<ObjectKey>& keys,
                                   const DeleteOptions& options) {
  Json items = Json::array();
  for (const ObjectKey& key : keys) {
    if (store_.get(key) == nullptr) continue;
    auto deleted = deletion_.remove(key, options);
    if (!deleted) return deleted.error();
    items.push_back(std::move(deleted->object));
  }
  refresh_derived();
  return Written{std::move(items), 200, {}};
}

void Writer::expire_events() {
  for (const Object& event : store_.list("events", std::nullopt).objects) {
    const std::string seen = text_at(*event, ".lastTimestamp");
    const Millis last =
        from_timestamp(seen.empty() ? text_at(*event, ".metadata.creationTimestamp") : seen);
    if (clock_.now() - last < kEventLifetime) continue;
    (void)deletion_.remove(
        {"events", text_at(*event, ".metadata.namespace"), text_at(*event, ".metadata.name")}, {});
  }
}

}  // namespace penstock::apiserver
