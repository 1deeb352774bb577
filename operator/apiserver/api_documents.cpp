#include <nlohmann/json.hpp>

#include "operator/apiserver/api_call.h"
#include "operator/apiserver/discovery.h"

namespace penstock::apiserver {

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
  if (!path.starts_with("/apis/")) return unknown(call);
  const std::string rest = path.substr(6);
  const std::size_t slash = rest.find('/');
  const std::string group = rest.substr(0, slash);
  if (slash == std::string::npos) {
    const Json found = group_document(kinds_, group);
    if (found.is_null()) return unknown(call);
    return http::Reply(json_response(200, found, call.pretty));
  }
  const std::string version = rest.substr(slash + 1);
  if (!kinds_.has_group_version(group, version)) return unknown(call);
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
  if (found == nullptr) return unknown(call);
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

}  // namespace penstock::apiserver
