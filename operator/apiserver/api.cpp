#include "operator/apiserver/api.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/api_call.h"
#include "operator/apiserver/discovery.h"
#include "operator/apiserver/json_path.h"
#include "operator/apiserver/pod_log.h"
#include "runtime/base/log.h"

namespace penstock::apiserver {

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
  const bool open = path == "/version" || path == "/version/";
  if (open && call.request.method != "GET") return method_not_allowed();
  if (path == "/healthz" || path == "/livez" || path == "/readyz")
    return http::Reply(text_response(200, "ok"));
  if (open) return http::Reply(json_response(200, version_document(), true));
  if (!authorised(call)) {
    if (!call.request.header("Authorization").empty()) return unauthorized();
    return forbidden_path(path);
  }
  if (const auto route = parse_route(path, kinds_)) return resource(call, *route);
  return document(call);
}

// Unknown things are told in two ways: what Kubernetes itself serves by a Status, everything else
// by a line of text.
Answer<http::Reply> Api::unknown(const Call& call) {
  const bool core = call.path.starts_with("/api/");
  const bool builtin = std::ranges::any_of(kinds_.all(), [&](const KindDefinition& kind) {
    return !kind.custom && !kind.group.empty() &&
           call.path.starts_with("/apis/" + kind.group + "/");
  });
  if (core || builtin) return no_such_route();
  return http::Reply(text_response(404, "404 page not found\n"));
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
  if (sub == "exec" || sub == "attach" || sub == "portforward") return connect(call, route);
  const std::string& method = call.request.method;
  const bool across = route.kind->namespaced && route.name_space.empty();
  if (method != "GET" && across && route.kind->custom) return unknown(call);
  if (method == "GET" && route.name.empty()) return read_many(call, route);
  if (method == "GET") return read_one(call, route);
  if (method == "DELETE" && sub.empty()) return remove(call, route);
  if (method == "PUT" || method == "PATCH") return write(call, route);
  if (method == "POST" && (sub.empty() || !route.kind->custom)) return write(call, route);
  return route.kind->custom ? not_supported(route.kind->named(""), method) : method_not_allowed();
}

// Into a container: refused, but what a user got wrong is told first.
Answer<http::Reply> Api::connect(const Call& call, const Route& route) {
  const Object pod = store_.get(key_of(route));
  if (pod == nullptr) return not_found(route.kind->named(route.name));
  if (text_at(*pod, ".spec.nodeName").empty())
    return bad_request("pod " + route.name + " does not have a host assigned");
  const auto options = parse_log_options(call.query, *pod, clock_.now());
  if (!options) return options.error();
  return not_implemented(route.subresource +
                         " on pods: processes run on this machine; use its own tools");
}

}  // namespace penstock::apiserver
