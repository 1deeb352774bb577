#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "operator/apiserver/derived_status.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/patch.h"
#include "operator/apiserver/scale.h"
#include "operator/apiserver/writer.h"

// Writer's part for subresources that are no view of the whole object (scale, binding, eviction),
// and for what follows from the Pods of a namespace.

namespace penstock::apiserver {

namespace {

constexpr const char* kBudgets = "poddisruptionbudgets.policy";
constexpr const char* kQuotas = "resourcequotas";

// What a subresource that creates nothing to look at answers.
Written created() {
  return {Json{{"kind", "Status"},
               {"apiVersion", "v1"},
               {"metadata", Json::object()},
               {"status", "Success"},
               {"code", 201}},
          201,
          {}};
}

}  // namespace

Answer<Written> Writer::patch_scale(const Route& route, const WriteContext& context,
                                    const Object& old, PatchType type, const Json& patch) {
  // No real server can do it for custom kinds, and says so in these words.
  if (type == PatchType::kApply)
    return Failure{500, "",
                   "failed to create manager for existing fields: failed to convert live object "
                   "(/; autoscaling/v1, Kind=Scale) to proper version: request to convert CR to an "
                   "invalid group/version: autoscaling/v1",
                   ""};
  const Json scale = scale_of(*route.kind, *old);
  auto next =
      type == PatchType::kJson ? apply_json_patch(scale, patch) : apply_merge_patch(scale, patch);
  if (!next) return next.error();
  const Json* replicas = find_path(*next, ".spec.replicas");
  if (replicas != nullptr && !replicas->is_number_integer())
    return invalid({}, {{"FieldValueInvalid", "patch",
                         "Invalid value: " + Json(next->dump()).dump() +
                             ": json: cannot unmarshal into Go struct field "
                             "ScaleSpec.spec.replicas of type int32"}});
  return write_scale(route, context, old, *next);
}

Answer<Written> Writer::write_scale(const Route& route, const WriteContext& context,
                                    const Object& old, const Json& scale) {
  auto next = with_scale(*route.kind, *old, scale);
  if (!next) return next.error();
  WriteContext as_patch = context;
  as_patch.is_patch = true;  // a Scale without version is accepted
  auto written = update(route, as_patch, old, std::move(*next));
  if (!written) return written.error();
  written->object = scale_of(*route.kind, written->object);
  return written;
}

Answer<Written> Writer::bind_pod(const Route& route, const Json& binding) {
  const Object old = store_.get(key_of(route));
  if (old == nullptr) return not_found(route.kind->named(route.name));
  const std::string node = text_at(*old, ".spec.nodeName");
  const std::string wanted = text_at(binding, ".target.name");
  if (wanted.empty()) return bad_request("a Binding needs target.name");
  if (!node.empty())
    return conflict(route.kind->named(route.name),
                    "pod is already assigned to node \"" + node + "\"");
  Json next = *old;
  next["spec"]["nodeName"] = wanted;
  const auto stored = store_.put(key_of(route), old, std::move(next));
  if (!stored) return internal_error(stored.error().message);
  return created();
}

Answer<Written> Writer::evict(const Route& route, const Json& eviction) {
  const Object pod = store_.get(key_of(route));
  if (pod == nullptr) return not_found(route.kind->named(route.name));
  const auto allowed = check_eviction(*pod, store_.list(kBudgets, route.name_space).objects);
  if (!allowed) return allowed.error();
  const Json* wanted = find_path(eviction, ".deleteOptions");
  auto options = parse_delete_options(wanted == nullptr ? Json::object() : *wanted);
  if (!options) return options.error();
  auto deleted = deletion_.remove(key_of(route), *options);
  refresh_derived();
  if (!deleted) return deleted.error();
  return created();
}

Answer<bool> Writer::check_quotas(const WriteContext& context, const Json* old,
                                  const Json& object) {
  const bool counts = context.kind.group.empty() && context.kind.plural == "pods" &&
                      (old == nullptr || context.subresource == "resize");
  if (!counts) return true;
  const auto quotas = store_.list(kQuotas, context.name_space).objects;
  if (quotas.empty()) return true;
  const auto pods = store_.list("pods", context.name_space).objects;
  for (const Object& quota : quotas)
    if (auto fits = check_quota(*quota, pods, old, object); !fits) return fits.error();
  return true;
}

// Brings the statuses of budgets and quotas up to date with what has changed since the last time.
void Writer::refresh_derived() {
  std::set<ObjectKey> stale;
  bool complete = true;
  const Revision now = store_.revision();
  for (const char* kind : {"pods", kBudgets, kQuotas}) {
    const auto changes = store_.changes(kind, derived_at_, std::numeric_limits<std::size_t>::max());
    complete = complete && changes.has_value();
    if (!changes) continue;
    for (const Change& change : *changes) {
      if (change.key.kind != "pods")
        stale.insert(change.key);
      else
        collect_stale(change, stale);
    }
  }
  if (!complete) {
    for (const char* kind : {kBudgets, kQuotas})
      for (const Object& object : store_.list(kind, std::nullopt).objects)
        stale.insert(
            {kind, text_at(*object, ".metadata.namespace"), text_at(*object, ".metadata.name")});
  }
  derived_at_ = now;
  for (const ObjectKey& key : stale) refresh_status(key);
}

void Writer::collect_stale(const Change& pod, std::set<ObjectKey>& stale) {
  const std::string& space = pod.key.name_space;
  for (const Object& quota : store_.list(kQuotas, space).objects)
    stale.insert({kQuotas, space, text_at(*quota, ".metadata.name")});
  for (const Object& budget : store_.list(kBudgets, space).objects) {
    if (selects(*budget, *pod.object) || (pod.before && selects(*budget, *pod.before)))
      stale.insert({kBudgets, space, text_at(*budget, ".metadata.name")});
  }
}

void Writer::refresh_status(const ObjectKey& key) {
  const Object object = store_.get(key);
  if (object == nullptr) return;
  const auto pods = store_.list("pods", key.name_space).objects;
  Json next = *object;
  next["status"] =
      key.kind == kQuotas ? quota_status(next, pods) : budget_status(next, pods, clock_.now());
  // One writer at a time: nobody has changed it meanwhile.
  if (next != *object) (void)store_.put(key, object, std::move(next));
}

}  // namespace penstock::apiserver
