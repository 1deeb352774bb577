#include "operator/k8s/writer.h"

#include "operator/k8s/api_failure.h"
#include "runtime/base/log.h"
#include "runtime/base/percent.h"

namespace penstock::k8s {

Result<Object> Writer::send(std::string_view method, std::string target, std::string_view body,
                            std::string_view content_type) const {
  target += "?fieldManager=" + encode_percent(field_manager_);
  TRY_ASSIGN(
      const Response response,
      transport_.call({std::string(method), target, std::string(body), std::string(content_type)}));
  if (response.status < 200 || response.status > 299) {
    return to_failure(response.status, response.body).error;
  }
  return Object::parse(response.body);
}

Result<Object> Writer::create(const Resource& resource, const std::string& space,
                              std::string_view json) const {
  return send("POST", resource.path({space, {}}), json, "application/json");
}

Result<Object> Writer::update(const Resource& resource, const ObjectKey& key, std::string_view json,
                              std::string_view subresource) const {
  return send("PUT", resource.path(key, subresource), json, "application/json");
}

Result<Object> Writer::patch(const Resource& resource, const ObjectKey& key, std::string_view json,
                             std::string_view subresource) const {
  return send("PATCH", resource.path(key, subresource), json, "application/merge-patch+json");
}

Status Writer::remove(const Resource& resource, const ObjectKey& key, const Preconditions& only,
                      int grace_seconds) const {
  std::string conditions;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    if (!conditions.empty()) conditions += ",";
    conditions += log::quote_json(name) + ":" + log::quote_json(value);
  };
  add("uid", only.uid);
  add("resourceVersion", only.resource_version);
  std::string body =
      R"({"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background")";
  if (grace_seconds >= 0) body += ",\"gracePeriodSeconds\":" + std::to_string(grace_seconds);
  if (!conditions.empty()) body += ",\"preconditions\":{" + conditions + "}";
  body += "}";
  TRY_ASSIGN(const Response response,
             transport_.call({"DELETE", resource.path(key), body, "application/json"}));
  if (response.status < 200 || response.status > 299) {
    return to_failure(response.status, response.body).error;
  }
  return ok();
}

}  // namespace penstock::k8s
