#include "operator/apiserver/scale.h"

#include <nlohmann/json.hpp>

#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

Answer<Json> replicas_of(const Json& scale) {
  const Json* replicas = find_path(scale, ".spec.replicas");
  if (replicas == nullptr || !replicas->is_number_integer())
    return bad_request("a Scale needs spec.replicas, a whole number");
  return *replicas;
}

}  // namespace

Json scale_of(const KindDefinition& kind, const Json& object) {
  Json metadata = Json::object();
  for (const char* name : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    if (object["metadata"].contains(name)) metadata[name] = object["metadata"][name];
  }
  Json scale{{"kind", "Scale"},
             {"apiVersion", "autoscaling/v1"},
             {"metadata", metadata},
             {"spec", Json::object()},
             {"status", {{"replicas", 0}}}};
  if (const Json* replicas = find_path(object, kind.scale->spec); replicas != nullptr) {
    scale["spec"]["replicas"] = *replicas;
  }
  if (const Json* replicas = find_path(object, kind.scale->status); replicas != nullptr) {
    scale["status"]["replicas"] = *replicas;
  }
  const std::string selector = text_at(object, kind.scale->selector);
  if (!kind.scale->selector.empty() && !selector.empty()) scale["status"]["selector"] = selector;
  return scale;
}

Answer<Json> with_scale(const KindDefinition& kind, Json object, const Json& scale) {
  const auto replicas = replicas_of(scale);
  if (!replicas) return replicas.error();
  set_path(object, kind.scale->spec, *replicas);
  const std::string version = text_at(scale, ".metadata.resourceVersion");
  if (!version.empty()) object["metadata"]["resourceVersion"] = version;
  return object;
}

}  // namespace penstock::apiserver
