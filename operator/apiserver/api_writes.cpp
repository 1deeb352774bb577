#include <nlohmann/json.hpp>

#include "operator/apiserver/api_call.h"
#include "operator/apiserver/json_path.h"

namespace penstock::apiserver {

namespace {

Answer<PatchType> patch_type(std::string_view content_type, const KindDefinition& kind) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  if (type == "application/merge-patch+json") return PatchType::kMerge;
  if (type == "application/json-patch+json") return PatchType::kJson;
  if (type == "application/apply-patch+yaml") return PatchType::kApply;
  if (type == "application/strategic-merge-patch+json" && !kind.custom)
    return PatchType::kStrategic;
  Failure failure = unsupported_media_type(
      std::string("application/json-patch+json, application/merge-patch+json, "
                  "application/apply-patch+yaml") +
      (kind.custom ? "" : ", application/strategic-merge-patch+json"));
  if (!kind.custom) failure.details = "{}";
  return failure;
}

http::Reply written_reply(const Written& written, bool pretty) {
  http::Response response = json_response(written.status, written.object, pretty);
  for (const std::string& warning : written.warnings) {
    response.headers.emplace_back("Warning", "299 - " + Json(warning).dump());
  }
  return response;
}

}  // namespace

Answer<Written> Api::patch(const Call& call, const Route& route) {
  const auto type = patch_type(call.request.header("Content-Type"), *route.kind);
  if (!type) return type.error();
  const bool is_apply = *type == PatchType::kApply;
  auto options =
      parse_write_options(call.query, call.request.header("User-Agent"), "PatchOptions", is_apply);
  if (!options) return options.error();
  auto body = is_apply ? parse_yaml(call.request.body)
                       : parse_json(call.request.body,
                                    "error decoding patch: unexpected end of JSON input");
  if (!body) return body.error();
  if (is_apply && !body->is_object())
    return bad_request("error decoding YAML: the patch is not an object");
  return writer_.with([&](std::unique_ptr<Writer>& writer) {
    return writer->patch(route, *options, *type, *body);
  });
}

Answer<Written> Api::special_write(const Call& call, const Route& route) {
  const auto body = parse_json(call.request.body, "the body is not a JSON object");
  if (!body) return body.error();
  if (!body->is_object()) return bad_request("the body is not a JSON object");
  return writer_.with([&](std::unique_ptr<Writer>& writer) {
    return route.subresource == "binding" ? writer->bind_pod(route, *body)
                                          : writer->evict(route, *body);
  });
}

Answer<http::Reply> Api::write(const Call& call, const Route& route) {
  const std::string& method = call.request.method;
  const auto reply = [&](const Answer<Written>& written) -> Answer<http::Reply> {
    if (!written) return written.error();
    return written_reply(*written, call.pretty);
  };
  if (method == "POST" && (route.subresource == "binding" || route.subresource == "eviction")) {
    return reply(special_write(call, route));
  }
  if (method == "PATCH" && !route.name.empty()) return reply(patch(call, route));
  if (method == "PATCH") {
    const auto type = patch_type(call.request.header("Content-Type"), *route.kind);
    return type ? method_not_allowed() : type.error();
  }
  // A custom kind takes a POST to an object's path as one to the collection.
  if (method == "POST" && !route.name.empty() && !route.kind->custom) return method_not_allowed();
  if (method == "PUT" && route.name.empty() && !route.kind->custom) return method_not_allowed();
  if (method == "PUT" && route.name.empty()) return bad_request("name must be provided");
  if (method == "POST" && route.kind->namespaced && route.name_space.empty())
    return method_not_allowed();
  const bool creates = method == "POST";
  auto options = parse_write_options(call.query, call.request.header("User-Agent"),
                                     creates ? "CreateOptions" : "UpdateOptions", false);
  if (!options) return options.error();
  auto body = parse_body(call.request, *route.kind);
  if (!body) return body.error();
  return reply(writer_.with([&](std::unique_ptr<Writer>& writer) {
    return creates ? writer->create(route, *options, std::move(*body))
                   : writer->replace(route, *options, std::move(*body));
  }));
}

Answer<http::Reply> Api::remove(const Call& call, const Route& route) {
  const std::string& text = call.request.body;
  const auto body = parse_json(text.empty() ? "{}" : text, "the body is no DeleteOptions");
  if (!body) return body.error();
  if (!body->is_object()) return bad_request("the body is no DeleteOptions");
  auto options = parse_delete_options(*body);
  if (!options) return options.error();
  if (call.query.get("dryRun") == "All") options->dry_run = true;
  if (call.query.has("propagationPolicy") || call.query.has("gracePeriodSeconds")) {
    Json merged = *body;
    if (call.query.has("propagationPolicy"))
      merged["propagationPolicy"] = call.query.get("propagationPolicy");
    if (const auto grace = parse_revision(call.query.get("gracePeriodSeconds")))
      merged["gracePeriodSeconds"] = *grace;
    const bool dry_run = options->dry_run;
    options = parse_delete_options(merged);
    if (!options) return options.error();
    options->dry_run = options->dry_run || dry_run;
  }
  if (!route.name.empty()) {
    const auto written = writer_.with(
        [&](std::unique_ptr<Writer>& writer) { return writer->remove(route, *options); });
    if (!written) return written.error();
    return written_reply(*written, call.pretty);
  }
  if (route.kind->plural == "namespaces" || route.kind->plural == "customresourcedefinitions") {
    return method_not_allowed();
  }
  auto selector = selector_of(call.query, *route.kind);
  if (!selector) return selector.error();
  std::optional<std::string> name_space;
  if (!route.name_space.empty()) name_space = route.name_space;
  std::vector<ObjectKey> keys;
  for (const Object& object : store_.list(route.kind->storage_key(), name_space).objects) {
    if (!selector->matches(*object)) continue;
    keys.push_back({route.kind->storage_key(), text_at(*object, ".metadata.namespace"),
                    text_at(*object, ".metadata.name")});
  }
  const auto written = writer_.with(
      [&](std::unique_ptr<Writer>& writer) { return writer->remove_all(keys, *options); });
  if (!written) return written.error();
  const Json list{{"kind", route.kind->list_kind},
                  {"apiVersion", route.kind->api_version()},
                  {"metadata", {{"resourceVersion", std::to_string(store_.revision())}}},
                  {"items", written->object}};
  return http::Reply(json_response(200, list, call.pretty));
}

}  // namespace penstock::apiserver
