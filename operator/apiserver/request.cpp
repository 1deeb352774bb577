#include "operator/apiserver/request.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/apiserver/protobuf.h"
#include "operator/apiserver/yaml.h"
#include "runtime/base/percent.h"

namespace penstock::apiserver {

namespace {

std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (end > 0) segments.push_back(percent_decoded(path.substr(0, end)));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return segments;
}

// Objects nest a dozen levels; the server's functions and nlohmann::json's recurse into them.
constexpr int kMaxDepth = 500;

// How deep the brackets outside of texts nest.
int depth_of(std::string_view json) {
  int depth = 0, deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\')
      ++i;
    else if (c == '"')
      in_text = !in_text;
    else if (!in_text && (c == '[' || c == '{'))
      deepest = std::max(deepest, ++depth);
    else if (!in_text && (c == ']' || c == '}'))
      --depth;
  }
  return deepest;
}

ObjectName options_name(const std::string& kind) { return {"meta.k8s.io", "", kind, ""}; }

}  // namespace

std::string percent_decoded(std::string_view text) {
  return decode_percent(text).value_or(std::string(text));
}

Query::Query(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value =
        equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    if (!pair.empty())
      values_.emplace_back(percent_decoded(pair.substr(0, equals)), percent_decoded(value));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string Query::get(std::string_view name) const {
  const auto found = std::ranges::find(
      values_, name, [](const auto& pair) { return std::string_view(pair.first); });
  return found == values_.end() ? std::string() : found->second;
}

bool Query::has(std::string_view name) const {
  return std::ranges::any_of(values_, [&](const auto& pair) { return pair.first == name; });
}

bool Query::flag(std::string_view name) const {
  const std::string value = get(name);
  return !value.empty() && value != "false" && value != "0" && value != "False" && value != "f";
}

std::optional<Route> parse_route(std::string_view path, const KindTable& kinds) {
  const std::vector<std::string> parts = segments_of(path);
  const bool core = !parts.empty() && parts[0] == "api";
  const std::size_t head = core ? 2 : 3;
  if (parts.size() <= head || (!core && parts[0] != "apis")) return std::nullopt;
  const std::string group = core ? "" : parts[1];
  const std::string& version = parts[head - 1];
  Route route;
  std::size_t at = head;
  const bool in_namespace = parts[at] == "namespaces" && parts.size() > at + 2 &&
                            kinds.find(group, version, parts[at + 2]) != nullptr;
  if (in_namespace) {
    route.name_space = parts[at + 1];
    at += 2;
  }
  route.kind = kinds.find(group, version, parts[at]);
  if (route.kind == nullptr || parts.size() > at + 3) return std::nullopt;
  if (parts.size() > at + 1) route.name = parts[at + 1];
  if (parts.size() > at + 2) route.subresource = parts[at + 2];
  if (in_namespace && !route.kind->namespaced) return std::nullopt;
  if (!in_namespace && route.kind->namespaced && !route.name.empty()) return std::nullopt;
  return route;
}

Answer<WriteOptions> parse_write_options(const Query& query, std::string_view user_agent,
                                         const std::string& options_kind, bool is_apply) {
  WriteOptions options;
  const ObjectName named = options_name(options_kind);
  const std::string dry_run = query.get("dryRun");
  if (!dry_run.empty() && dry_run != "All") {
    return invalid(
        named, {{"FieldValueNotSupported", "dryRun",
                 "Unsupported value: [" + Json(dry_run).dump() + "]: supported values: \"All\""}});
  }
  options.dry_run = dry_run == "All";
  const std::string validation = query.get("fieldValidation");
  if (validation == "Strict") {
    options.validation = FieldValidation::kStrict;
  } else if (validation == "Ignore") {
    options.validation = FieldValidation::kIgnore;
  } else if (!validation.empty() && validation != "Warn") {
    return invalid(named, {{"FieldValueNotSupported", "fieldValidation",
                            "Unsupported value: " + Json(validation).dump() +
                                ": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""}});
  }
  options.force = query.flag("force");
  options.field_manager = query.get("fieldManager");
  if (options.field_manager.size() > 128) {
    return invalid(
        named, {{"FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"}});
  }
  if (is_apply && options.field_manager.empty()) {
    return invalid(named, {{"FieldValueRequired", "fieldManager",
                            "Required value: is required for apply patch"}});
  }
  if (!is_apply && query.has("force")) {
    return invalid(named, {{"FieldValueForbidden", "force",
                            "Forbidden: may not be specified for non-apply patch"}});
  }
  if (options.field_manager.empty()) {
    options.field_manager =
        std::string(user_agent.substr(0, std::min(user_agent.find('/'), user_agent.size())));
    if (options.field_manager.empty()) options.field_manager = "unknown";
  }
  return options;
}

Answer<Json> parse_json(std::string_view text, const std::string& malformed) {
  if (depth_of(text) > kMaxDepth) {
    return bad_request("the body nests deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return bad_request(malformed);
  return json;
}

Answer<Json> parse_yaml(std::string_view text) {
  auto parsed = yaml_to_json(text);
  if (!parsed) return bad_request("error decoding YAML: " + parsed.error().message);
  return std::move(parsed).value();
}

Answer<Json> parse_body(const http::Request& request, const KindDefinition& kind) {
  const std::string_view type = request.header("Content-Type");
  if (is_protobuf(type)) return decode_protobuf(request.body);
  const bool yaml =
      type.starts_with("application/yaml") || type.starts_with("application/apply-patch+yaml");
  if (!yaml && !type.empty() && !type.starts_with("application/json")) {
    return unsupported_media_type(
        "application/json, application/yaml, application/vnd.kubernetes.protobuf");
  }
  const std::string shown = request.body.empty() ? "<empty>" : request.body.substr(0, 30);
  const std::string malformed = "the object provided is unrecognized (must be of type " +
                                kind.kind + "): couldn't get version/kind; json parse error (" +
                                shown + ")";
  auto body = yaml ? parse_yaml(request.body) : parse_json(request.body, malformed);
  if (body && !body->is_object()) return bad_request(malformed);
  return body;
}

}  // namespace penstock::apiserver
