#include "operator/apiserver/api.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "operator/apiserver/builtin_rules.h"
#include "operator/apiserver/discovery.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/pod_log.h"
#include "operator/apiserver/selectors.h"
#include "operator/apiserver/table.h"
#include "operator/apiserver/watch.h"
#include "runtime/base/log.h"

namespace penstock::apiserver {

namespace {

std::string dump(const Json& json, bool pretty) {
  return json.dump(pretty ? 2 : -1, ' ', false, Json::error_handler_t::replace) + "\n";
}

http::Response json_response(int status, const Json& json, bool pretty) {
  return {status,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}},
          dump(json, pretty)};
}

http::Response text_response(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

std::optional<Revision> parse_revision(const std::string& text) {
  Revision revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return revision;
}

// How objects are shown: as they are, or as rows.
struct Presentation {
  bool as_table = false;
  IncludeObject include = IncludeObject::kMetadata;
};

Answer<Presentation> presentation_of(std::string_view accept, const Query& query) {
  Presentation presentation;
  if (accept.find("as=PartialObjectMetadata") != std::string_view::npos &&
      accept.find("as=Table") == std::string_view::npos) {
    return Failure{406, "NotAcceptable",
                   "PartialObjectMetadata is not served; ask for application/json", ""};
  }
  presentation.as_table = accept.find("as=Table;v=v1;") != std::string_view::npos;
  const std::string include = query.get("includeObject");
  if (include == "Object") presentation.include = IncludeObject::kObject;
  if (include == "None") presentation.include = IncludeObject::kNone;
  if (presentation.as_table && !include.empty() && include != "Object" && include != "None" &&
      include != "Metadata") {
    return bad_request("Unable to convert to Table as requested: includeObject: Invalid value: \"" +
                       include + "\": must be 'Metadata', 'Object', 'None', or empty");
  }
  return presentation;
}

Answer<Selector> selector_of(const Query& query, const KindDefinition& kind) {
  Selector selector;
  auto labels = parse_label_selector(query.get("labelSelector"));
  if (!labels) return labels.error();
  auto fields = parse_field_selector(query.get("fieldSelector"), kind);
  if (!fields) return fields.error();
  selector.labels = std::move(*labels);
  selector.fields = std::move(*fields);
  return selector;
}

}  // namespace

struct Api::Call {
  const http::Request& request;
  std::string path;
  Query query;
  bool pretty = false;

  explicit Call(const http::Request& from)
      : request(from),
        path(from.target.substr(0, from.target.find('?'))),
        query(from.target.find('?') == std::string::npos
                  ? std::string_view()
                  : std::string_view(from.target).substr(from.target.find('?') + 1)) {
    const std::string_view agent = from.header("User-Agent");
    pretty = query.flag("pretty") ||
             (!query.has("pretty") && (agent.starts_with("curl") || agent.starts_with("Wget")));
  }
};

Api::Api(Store& store, KindTable kinds, Clock& clock, const ApiServerOptions& options,
         std::string token, std::uint64_t seed)
    : store_(store),
      kinds_(std::move(kinds)),
      clock_(clock),
      find_log_(options.find_log),
      token_(std::move(token)),
      openapi_(kinds_),
      writer_(std::make_unique<Writer>(store, kinds_, clock, options.admission, seed)) {}

Status Api::prepare_cluster() {
  return writer_.with([](std::unique_ptr<Writer>& writer) { return writer->prepare_cluster(); });
}

bool Api::authorised(const Call& call) const {
  const std::string_view header = call.request.header("Authorization");
  constexpr std::string_view kScheme = "Bearer ";
  if (!header.starts_with(kScheme)) return false;
  const std::string_view given = header.substr(kScheme.size());
  unsigned char difference = given.size() == token_.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {  // takes the same time for every wrong token
    difference |= static_cast<unsigned char>(given[i] ^ token_[i % token_.size()]);
  }
  return difference == 0;
}

http::Reply Api::handle(const http::Request& request) {
  const Call call(request);
  try {  // nlohmann::json throws where a client's object has a shape that no rule above has refused
    auto reply = answer(call);
    if (reply) return std::move(reply).value();
    return json_response(reply.error().code, to_status(reply.error()), call.pretty);
  } catch (const Json::exception& error) {
    log::warning("a request has an unexpected shape",
                 {{"path", call.path}, {"reason", error.what()}});
    return json_response(
        400,
        to_status(bad_request("the object has an unexpected shape: " + std::string(error.what()))),
        call.pretty);
  }
}

Answer<http::Reply> Api::answer(const Call& call) {
  const std::string& path = call.path;
  if (path == "/healthz" || path == "/livez" || path == "/readyz")
    return http::Reply(text_response(200, "ok"));
  if (path == "/version") return http::Reply(json_response(200, version_document(), true));
  if (!authorised(call)) {
    if (!call.request.header("Authorization").empty()) return unauthorized();
    return forbidden_path(path);
  }
  if (const auto route = parse_route(path, kinds_)) return resource(call, *route);
  return document(call);
}

Answer<http::Reply> Api::document(const Call& call) {
  if (call.request.method != "GET") return method_not_allowed();
  if (call.path.starts_with("/openapi/")) return openapi(call);
  return discovery(call);
}

Answer<http::Reply> Api::discovery(const Call& call) {
  std::string path = call.path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const bool core = path == "/api";
  const std::string_view accept = call.request.header("Accept");
  if ((core || path == "/apis") &&
      accept.find("g=apidiscovery.k8s.io;v=v2;") != std::string_view::npos) {
    http::Response response = json_response(200, aggregated_discovery(kinds_, core), false);
    response.headers = {
        {"Content-Type", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"},
        {"Cache-Control", "public"},
        {"Vary", "Accept"}};
    return http::Reply(std::move(response));
  }
  if (core) return http::Reply(json_response(200, api_versions(), call.pretty));
  if (path == "/apis") return http::Reply(json_response(200, group_list(kinds_), call.pretty));
  if (path == "/api/v1")
    return http::Reply(json_response(200, resource_list(kinds_, "", "v1"), call.pretty));
  if (!path.starts_with("/apis/")) return no_such_route();
  const std::string rest = path.substr(6);
  const std::size_t slash = rest.find('/');
  const std::string group = rest.substr(0, slash);
  if (slash == std::string::npos) {
    const Json found = group_document(kinds_, group);
    if (found.is_null()) return no_such_route();
    return http::Reply(json_response(200, found, call.pretty));
  }
  const std::string version = rest.substr(slash + 1);
  if (!kinds_.has_group_version(group, version)) return no_such_route();
  return http::Reply(json_response(200, resource_list(kinds_, group, version), call.pretty));
}

Answer<http::Reply> Api::openapi(const Call& call) {
  constexpr const char* kV2Protobuf = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
  if (call.path == "/openapi/v3") {
    return http::Reply(
        http::Response{200, {{"Content-Type", "application/json"}}, openapi_.index()});
  }
  if (call.path == "/openapi/v2") {
    const bool protobuf = call.request.header("Accept").find("protobuf") != std::string_view::npos;
    if (!protobuf)
      return http::Reply(
          http::Response{200, {{"Content-Type", "application/json"}}, openapi_v2_json()});
    return http::Reply(http::Response{200, {{"Content-Type", kV2Protobuf}}, openapi_v2_protobuf()});
  }
  const OpenApi::Document* found =
      call.path.starts_with("/openapi/v3/") ? openapi_.document(call.path.substr(12)) : nullptr;
  if (found == nullptr) return no_such_route();
  const std::string hash = call.query.get("hash");
  if (!hash.empty() && hash != found->hash) {
    return http::Reply(http::Response{301, {{"Location", call.path + "?hash=" + found->hash}}, ""});
  }
  http::Response response{
      200,
      {{"Content-Type", "application/json"}, {"Etag", "\"" + found->hash + "\""}},
      found->json};
  if (!hash.empty()) response.headers.emplace_back("Cache-Control", "public, immutable");
  return http::Reply(std::move(response));
}

Answer<http::Reply> Api::resource(const Call& call, const Route& route) {
  const std::string& sub = route.subresource;
  const auto offers = [&](const char* name) {
    return std::ranges::find(route.kind->other_subresources, name) !=
           route.kind->other_subresources.end();
  };
  const bool known = sub.empty() || (sub == "status" && route.kind->has_status) ||
                     (sub == "scale" && route.kind->scale) || offers(sub.c_str()) ||
                     (sub == "binding" && offers("log"));
  if (!known)
    return route.kind->custom ? not_found(route.kind->named(route.name)) : no_such_route();
  if (sub == "exec" || sub == "attach" || sub == "portforward") {
    return not_implemented(sub + " on pods: processes run on this machine; use its own tools");
  }
  const std::string& method = call.request.method;
  if (method == "GET" && route.name.empty()) return read_many(call, route);
  if (method == "GET") return read_one(call, route);
  if (method == "DELETE" && sub.empty()) return remove(call, route);
  if (method == "POST" || method == "PUT" || method == "PATCH") return write(call, route);
  return method_not_allowed();
}

// Finds the log of a stored Pod; whether more is to come, the Pod's status knows best.
FindLog Api::log_of(const ObjectKey& key) const {
  return [this, key](const LogTarget& target) -> Result<LogFile> {
    Result<LogFile> found = find_log_(target);
    if (!found) return found;
    const Object pod = store_.get(key);
    const bool same = pod != nullptr && text_at(*pod, ".metadata.uid") == target.uid;
    const std::string status = ".status.containerStatuses[?(@.name=='" + target.container + "')]";
    const bool ended = same && find_path(*pod, status + ".state.terminated") != nullptr;
    found->running = found->running && same && !ended;
    return found;
  };
}

Answer<http::Reply> Api::read_one(const Call& call, const Route& route) {
  const Object stored = store_.get(key_of(route));
  if (stored == nullptr) return not_found(route.kind->named(route.name));
  if (route.subresource == "log") {
    const bool scheduled = !text_at(*stored, ".spec.nodeName").empty();
    if (!scheduled) return http::Reply(http::Response{204, {}, ""});
    auto options = parse_log_options(call.query, *stored);
    if (!options) return options.error();
    return open_log(*options, find_log_ ? log_of(key_of(route)) : find_log_);
  }
  if (route.subresource == "scale") {
    return http::Reply(json_response(200, scale_of(*route.kind, *stored), call.pretty));
  }
  const Json object = route.kind->group == "events.k8s.io" ? event_from_core(*stored) : *stored;
  auto presentation = presentation_of(call.request.header("Accept"), call.query);
  if (!presentation) return presentation.error();
  if (!presentation->as_table) return http::Reply(json_response(200, object, call.pretty));
  const Json metadata{{"resourceVersion", text_at(object, ".metadata.resourceVersion")}};
  return http::Reply(json_response(
      200, make_table(*route.kind, {&object}, metadata, presentation->include, clock_.now()),
      call.pretty));
}

Answer<http::Reply> Api::read_many(const Call& call, const Route& route) {
  auto presentation = presentation_of(call.request.header("Accept"), call.query);
  if (!presentation) return presentation.error();
  auto selector = selector_of(call.query, *route.kind);
  if (!selector) return selector.error();
  std::optional<std::string> name_space;
  if (!route.name_space.empty()) name_space = route.name_space;
  const bool watch = call.query.has("watch") && call.query.get("watch") != "false" &&
                     call.query.get("watch") != "0";
  const std::string version = call.query.get("resourceVersion");
  const auto revision = version.empty() ? std::optional<Revision>(0) : parse_revision(version);
  if (!revision) {
    const std::string problem = "resourceVersion: Invalid value: \"" + version +
                                "\": strconv.ParseUint: parsing \"" + version +
                                "\": invalid syntax";
    if (watch) return Failure{500, "", problem, ""};
    return bad_request("invalid resource version: " + problem);
  }
  if (!call.query.get("continue").empty()) {
    return bad_request("invalid continue token: this server answers lists whole and gives none");
  }
  if (watch) {
    WatchRequest wanted{.kind = route.kind,
                        .name_space = name_space,
                        .selector = std::move(*selector),
                        .from = *revision,
                        .bookmarks = call.query.flag("allowWatchBookmarks"),
                        .as_table = presentation->as_table,
                        .include = presentation->include};
    if (const auto seconds = parse_revision(call.query.get("timeoutSeconds"));
        seconds && *seconds > 0) {
      wanted.timeout = std::chrono::seconds(std::min<Revision>(*seconds, 24 * 3600));
    }
    return http::Reply(http::StreamingResponse{
        200,
        {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}},
        [this, wanted](const http::Waker& waker) {
          auto source = std::make_unique<WatchSource>(store_, clock_, wanted);
          source->subscribe(store_, waker);
          return source;
        }});
  }
  const Listing listing = store_.list(route.kind->storage_key(), name_space);
  if (*revision > listing.revision) {
    const std::string text =
        "Too large resource version: " + version + ", current: " + std::to_string(listing.revision);
    return Failure{
        504, "Timeout", "Timeout: " + text,
        R"({"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"retryAfterSeconds":1})"};
  }
  std::vector<Json> converted;
  std::vector<const Json*> objects;
  converted.reserve(route.kind->group == "events.k8s.io" ? listing.objects.size() : 0);
  for (const Object& object : listing.objects) {
    const Json* shown = object.get();
    if (route.kind->group == "events.k8s.io")
      shown = &converted.emplace_back(event_from_core(*object));
    if (selector->matches(*shown)) objects.push_back(shown);
  }
  const Json metadata{{"resourceVersion", std::to_string(listing.revision)}};
  if (presentation->as_table) {
    return http::Reply(json_response(
        200, make_table(*route.kind, objects, metadata, presentation->include, clock_.now()),
        call.pretty));
  }
  Json list{{"kind", route.kind->list_kind},
            {"apiVersion", route.kind->api_version()},
            {"metadata", metadata},
            {"items", Json::array()}};
  for (const Json* object : objects) list["items"].push_back(*object);
  return http::Reply(json_response(200, list, call.pretty));
}

namespace {

Answer<PatchType> patch_type(std::string_view content_type, const KindDefinition& kind) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  if (type == "application/merge-patch+json") return PatchType::kMerge;
  if (type == "application/json-patch+json") return PatchType::kJson;
  if (type == "application/apply-patch+yaml") return PatchType::kApply;
  if (type == "application/strategic-merge-patch+json" && !kind.custom)
    return PatchType::kStrategic;
  return unsupported_media_type(
      std::string("application/json-patch+json, application/merge-patch+json, "
                  "application/apply-patch+yaml") +
      (kind.custom ? "" : ", application/strategic-merge-patch+json"));
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
  Json body = is_apply ? Json() : Json::parse(call.request.body, nullptr, false);
  if (is_apply) {
    auto parsed = parse_yaml(call.request.body);
    if (!parsed) return parsed.error();
    body = std::move(*parsed);
    if (!body.is_object()) return bad_request("error decoding YAML: the patch is not an object");
  }
  if (body.is_discarded()) return bad_request("error decoding patch: unexpected end of JSON input");
  return writer_.with(
      [&](std::unique_ptr<Writer>& writer) { return writer->patch(route, *options, *type, body); });
}

Answer<Written> Api::special_write(const Call& call, const Route& route) {
  const Json body = Json::parse(call.request.body, nullptr, false);
  if (body.is_discarded() || !body.is_object()) return bad_request("the body is not a JSON object");
  return writer_.with([&](std::unique_ptr<Writer>& writer) {
    return route.subresource == "binding" ? writer->bind_pod(route, body)
                                          : writer->evict(route, body);
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
  if (method == "PATCH" || (method == "POST" && !route.name.empty())) return method_not_allowed();
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
  const Json body = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
  if (body.is_discarded() || !body.is_object()) return bad_request("the body is no DeleteOptions");
  auto options = parse_delete_options(body);
  if (!options) return options.error();
  if (call.query.get("dryRun") == "All") options->dry_run = true;
  if (call.query.has("propagationPolicy") || call.query.has("gracePeriodSeconds")) {
    Json merged = body;
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
