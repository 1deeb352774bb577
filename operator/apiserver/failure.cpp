#include "operator/apiserver/failure.h"

#include <nlohmann/json.hpp>

namespace penstock::apiserver {

namespace {

std::string qualified(const std::string& name, const std::string& group) {
  return group.empty() ? name : name + "." + group;
}

// details of most failures: the kind is the plural there, except for 422.
std::string details(const ObjectName& object, const std::string& kind) {
  Json json = Json::object();
  if (!kind.empty()) json["kind"] = kind;
  if (!object.name.empty()) json["name"] = object.name;
  if (!object.group.empty()) json["group"] = object.group;
  return json.dump();
}

std::string quoted_resource(const ObjectName& object) {
  return qualified(object.plural, object.group) + " \"" + object.name + "\"";
}

}  // namespace

Failure bad_request(std::string message) { return {400, "BadRequest", std::move(message), ""}; }

Failure unauthorized() { return {401, "Unauthorized", "Unauthorized", ""}; }

Failure forbidden_path(const std::string& path) {
  return {403, "Forbidden", "forbidden: User \"system:anonymous\" cannot get path \"" + path + "\"",
          "{}"};
}

Failure not_found(const ObjectName& object) {
  return {404, "NotFound", quoted_resource(object) + " not found", details(object, object.plural)};
}

Failure no_such_route() {
  return {404, "NotFound", "the server could not find the requested resource", "{}"};
}

Failure method_not_allowed() {
  return {405, "MethodNotAllowed",
          "the server does not allow this method on the requested resource", "{}"};
}

Failure not_supported(const ObjectName& object, const std::string& method) {
  const std::string verb = method == "POST" ? "create" : method == "DELETE" ? "delete" : "";
  return {405, "MethodNotAllowed",
          verb + " is not supported on resources of kind \"" +
              qualified(object.plural, object.group) + "\"",
          details(object, object.plural)};
}

Failure already_exists(const ObjectName& object) {
  return {409, "AlreadyExists", quoted_resource(object) + " already exists",
          details(object, object.plural)};
}

Failure conflict(const ObjectName& object, const std::string& why) {
  return {409, "Conflict",
          "Operation cannot be fulfilled on " + quoted_resource(object) + ": " + why,
          details(object, object.plural)};
}

Failure modified(const ObjectName& object) {
  return conflict(object,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

Failure invalid(const ObjectName& object, const std::vector<FieldError>& errors) {
  std::string text;
  Json causes = Json::array();
  for (const FieldError& error : errors) {
    text += (text.empty() ? "" : ", ") + error.field + ": " + error.message;
    causes.push_back(
        {{"reason", error.reason}, {"message", error.message}, {"field", error.field}});
  }
  if (errors.size() > 1) text = "[" + text + "]";
  Json json = Json::parse(details(object, object.kind));
  json["causes"] = std::move(causes);
  return {422, "Invalid",
          qualified(object.kind, object.group) + " \"" + object.name + "\" is invalid: " + text,
          json.dump()};
}

Failure too_large(std::size_t limit) {
  return {413, "RequestEntityTooLarge",
          "Request entity too large: limit is " + std::to_string(limit), ""};
}

Failure expired(const std::string& message) { return {410, "Expired", message, ""}; }

Failure unsupported_media_type(const std::string& accepted) {
  return {415, "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: " +
              accepted,
          ""};
}

Failure not_implemented(const std::string& what) {
  return {501, "NotImplemented", "NotImplemented: " + what, ""};
}

Failure internal_error(std::string message) {
  return {500, "InternalError", std::move(message), ""};
}

Json to_status(const Failure& failure) {
  Json status{{"kind", "Status"},    {"apiVersion", "v1"},         {"metadata", Json::object()},
              {"status", "Failure"}, {"message", failure.message}, {"code", failure.code}};
  if (!failure.reason.empty()) status["reason"] = failure.reason;
  if (!failure.continue_token.empty()) status["metadata"]["continue"] = failure.continue_token;
  if (!failure.details.empty()) status["details"] = Json::parse(failure.details);
  return status;
}

}  // namespace penstock::apiserver
